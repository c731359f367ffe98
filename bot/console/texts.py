"""Sentences of the console that are not part of one page."""

TOO_FAST = "点得有点快，请等几秒再试。"
TOO_LARGE = "这个文件太大了，最多 10 MB。请分成几份再传。"
NOT_READ = "这次没收全，请再填一次。"
STALE = "这一页放得久了，请刷新以后再试。"
SIGNED_OUT = "还没有登录，或者登录已经到时间了。"
NOT_YOURS = "这一页不归您的职务管。需要的话，请找区级工作人员开通。"
NEVER_KEPT = "身份证号和银行卡号不收，也没有保存。请删掉再填。"
NOT_A_TABLE = "这个文件读不出表格。请用 Excel（.xlsx）或者 CSV，前几行里要有一行表头。"
NO_PAGE = "没有这一页。请从菜单里进。"
LINK_OVER = "这个链接用过了，或者已经过期了。请在聊天里回“后台”，重新拿一个。"


def fault(number: str, phone: str) -> str:
    return f"我这边出了点毛病（编号 {number}），没有改动任何东西。请过一会儿再试，着急打 {phone}。"


def storage_fault(phone: str) -> str:
    return f"现在存不进去，没有改动任何东西。请过一会儿再试，着急打 {phone}。"
