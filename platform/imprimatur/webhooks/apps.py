from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "imprimatur.webhooks"
    label = "webhooks"
