from django.urls import include, path, re_path

from chatsite.http.viewsets import Router
from chatsite.widget import pages, views

router = Router()
router.register("sites", views.WidgetSiteViewSet, basename="widget-site")

urlpatterns = [
    path("v1.js", pages.loader, name="widget-loader"),
    path("config/<slug:slug>.js", pages.configuration, name="widget-configuration"),
    re_path(r"^frame/(?P<slug>[-\w]+)/?$", pages.frame, name="widget-frame"),
    re_path(r"^demo/?$", pages.demo, name="widget-demo"),
    re_path(r"^sessions/?$", views.SessionView.as_view(), name="widget-session"),
    re_path(r"^guest-sessions/?$", views.GuestSessionView.as_view(), name="widget-guest-session"),
    re_path(r"^page/?$", views.VisitedPageView.as_view(), name="widget-page"),
    path("", include(router.urls)),
]
