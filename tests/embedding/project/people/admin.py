from django.contrib import admin

from conversations.admin.users import UserModeration
from people.models import Person


@admin.register(Person)
class PersonAdmin(UserModeration, admin.ModelAdmin):
    list_display = ("email", "called", "is_active")
    search_fields = ("email", "called")
    exclude = ("password",)
