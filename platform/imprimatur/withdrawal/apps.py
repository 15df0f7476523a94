from django.apps import AppConfig


class WithdrawalConfig(AppConfig):
    name = "imprimatur.withdrawal"
    label = "withdrawal"
