"""The words people agree to, short enough to be read (care.md 5). Drafts: to be confirmed by the district's counsel."""

from storage.consents import ConsentText

REGISTRATION = ConsentText(
    "registration",
    "1",
    "您好，我是天涯区候鸟党委的助手。登记要记您的姓名、手机号、来自哪里、住哪个小区，只用来通知活动、办您的事。\n"
    "一年没有来往，我们先问您，再去掉姓名电话。您随时能查、改、撤回、注销，电话 {phone}。\n"
    "不同意也能查服务点和活动。",
)
CHANGED = ""
"""What is new in this version, in a few words for whoever agreed to an earlier one: they are asked again (K9)."""
PARTY = ConsentText(
    "party",
    "1",
    "党员身份只给候鸟党委和您的支部看，用来编支部、记组织生活。不登记也能参加活动。",
)
LOCATION = ConsentText(
    "location",
    "1",
    "您的位置只用来找最近的服务点，用完就丢，不保存。不同意也可以直接告诉我小区名。",
)
PROXY = ConsentText("proxy", "1", "{name}想替您报名、收通知。您同意吗？以后说“取消代办”就停。")
HEALTH = ConsentText(
    "health",
    "1",
    "看病的事，只写要办什么，不用写病情。只有经办人能看，办完半年删掉文字。",
)
TALENT = ConsentText("talent", "1", "您的专长只给工作人员看。有合适的事，工作人员先问您。")
NAMES = {
    "registration": "登记",
    "party": "党员身份",
    "location": "用位置找服务点",
    "proxy": "家里人代办",
    "health": "看病的事",
    "talent": "专长",
}
FULL = (
    "谁来管：三亚市天涯区候鸟党委（运营单位和联系方式以服务点公示为准）。\n"
    "记什么、为什么：姓名、手机号，用来联系您；来自哪里、哪天来哪天走、住哪个社区小区，用来安排服务点和活动；"
    "您愿意说的党员身份，用来编支部；您的报名、签到和说的难处，用来办事和报数。\n"
    "怎么存：姓名、手机号、党员身份和难处的文字都加密存放在境内，不给别的单位和公司，不用来做广告。\n"
    "存多久：一年没有来往，先问您，三十天没有回音就去掉姓名电话。\n"
    "您的权利：随时回“我的信息”查、改、拿走一份、撤回同意、注销；不满意可以打 12345，或向网信部门投诉。"
)
"""The full text behind the short one (PIPL 17)."""
