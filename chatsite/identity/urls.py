from django.urls import re_path

from chatsite.identity import views

app_name = "identity"

urlpatterns = [
    re_path(r"^token/?$", views.LoginView.as_view(), name="token"),
    re_path(r"^token/refresh/?$", views.RefreshView.as_view(), name="refresh"),
    re_path(r"^token/verify/?$", views.VerifyView.as_view(), name="verify"),
    re_path(r"^logout/?$", views.LogoutView.as_view(), name="logout"),
    re_path(r"^ws-ticket/?$", views.TicketView.as_view(), name="ws-ticket"),
    re_path(r"^me/?$", views.MeView.as_view(), name="me"),
]
