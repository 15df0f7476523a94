from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "imprimatur.generations"
    label = "generations"
    default_auto_field = "django.db.models.BigAutoField"
