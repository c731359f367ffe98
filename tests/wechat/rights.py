"""What each kind of account may call, as the platform's table of rights has it. Written apart from the channel's."""

EVERYONE = {"/cgi-bin/stable_token", "/cgi-bin/token", "/cgi-bin/getcallbackip", "/cgi-bin/clear_quota"}
MENU = {"/cgi-bin/menu/create", "/cgi-bin/menu/get", "/cgi-bin/menu/delete"}
SERVICE_MESSAGES = {"/cgi-bin/message/custom/send", "/cgi-bin/message/custom/typing"}
MEDIA = {"/cgi-bin/media/upload", "/cgi-bin/media/get", "/cgi-bin/user/info"}
TEMPLATES = {"/cgi-bin/message/template/send"}
ONE_TIME = {"/cgi-bin/message/template/subscribe"}
CODES = {"/cgi-bin/qrcode/create"}

PATHS = {
    "subscription_unverified": EVERYONE,
    "subscription_verified": EVERYONE | MENU | SERVICE_MESSAGES | MEDIA | ONE_TIME,
    "service_unverified": EVERYONE | MENU,
    "service_verified": EVERYONE | MENU | SERVICE_MESSAGES | MEDIA | TEMPLATES | ONE_TIME | CODES,
    "test": EVERYONE | MENU | SERVICE_MESSAGES | MEDIA | TEMPLATES | CODES,
}
MESSAGE_MENU = {"service_verified"}
PASSIVE_MEDIA = {"subscription_verified", "service_verified", "test"}

DAILY = {
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/menu/create": 1000,
}
DAILY_OF_A_TEST_ACCOUNT = {
    **DAILY,
    "/cgi-bin/message/custom/send": 50_000,
    "/cgi-bin/qrcode/create": 10_000,
    "/cgi-bin/media/upload": 500,
    "/cgi-bin/media/get": 1000,
    "/cgi-bin/menu/create": 100,
}
