"""Who may do what: every entry of the menu and every verb of staff, each with those who may and nobody else."""

from dataclasses import dataclass

from tests.roles.district import EVERYONE, OFFICES


@dataclass(frozen=True)
class Act:
    """`said` one after the other, by those in `by`. `audit`: the row it must leave. `shows`: what they then read.

    Who may not is refused in words; or, where the scope decides, reads `unseen` instead of what is not theirs.
    """

    said: tuple[str, ...]
    by: frozenset[str]
    audit: str = ""
    shows: str = ""
    unseen: str = ""


def act(*said, by, **more):
    return Act(said, frozenset(by), **more)


ALL = set(EVERYONE)
NO_ONE: set[str] = set()
REGISTERED = ALL - {"nobody"}
STAFF = set(OFFICES)
DISTRICT = {"district"}
LEADS = {"here_lead", "there_lead", "district"}  # whichever point
SECRETARIES = {"here_secretary", "there_secretary", "district"}
ORGANISERS = {"here_organiser", "there_organiser", "maker", *LEADS, *SECRETARIES}
HERE_LEADS = {"here_lead", "district"}
HERE_ORGANISERS = {"here_organiser", "here_secretary", *HERE_LEADS}  # of event 1: point 1 and branch 1
HERE_CHECKERS = {"here_checker", *HERE_ORGANISERS}
AT_POINT_1 = {"here_organiser", *HERE_LEADS}
MAKERS = {"maker", *AT_POINT_1}  # of an event that `maker` made at point 1
COUNTERS = ORGANISERS | {"auditor"}
POLL_MAKERS = LEADS | SECRETARIES
OF_COMMUNITY_1 = REGISTERED - {"neighbour", *(name for name in OFFICES if name.startswith("there"))}
SCOPED_HERE = {"here_organiser", "here_lead"}
WITH_PART = {"owner", "supervisor", *HERE_LEADS}  # in need 2
NEW_EVENT = ("发布活动", "其他", "新课", "12月8号下午两点半", "1小时")
A_QUESTION = ("长椅放在东门还是西门？", "东门、西门")
A_CHECKER, A_LEAD = ("给职务", "签到员"), ("给职务", "点长")
TO_WANG = ("跳过", "找登记过的人", "1001")
NOT_FOUND = "没找到|没有找到"

FOR_EVERYONE = """
    找服务点 社区名单 登记 微心愿 本月菜单 下月菜单 关联账号 断开别的账号 代办 我要代办 代报名 代取消
    个人信息说明 我的事 退订 别提醒了 扫码签到
""".split()
FOR_THE_REGISTERED = """
    我的活动 参加证明 取消代办 同意新说明 不同意新说明 我的信息 更正 导出我的信息 我的党员身份 亮身份 不亮身份 撤回同意
    注销 留着登记 信息没变 少发点 恢复提醒 我的积分 开积分卡 关积分卡 积分台账
""".split()

MENU_ACTS = {
    **{name: [act(name, by=ALL)] for name in FOR_EVERYONE},
    **{name: [act(name, by=REGISTERED)] for name in FOR_THE_REGISTERED},
    # What residents do: about their own alone. The sign-up, the needs, the wishes and the suggestion are of `resident`.
    "活动": [act("活动", by=ALL), act("活动 1", by=ALL, shows="书法班")],
    "报名": [act("报名 5", by=REGISTERED)],
    "一起报名": [act("一起报名 5", by=REGISTERED)],
    "活动链接": [act("活动链接 5", by=ALL)],
    "活动码": [act("活动码 5", by=MAKERS)],
    "日历": [act("日历 5", by=ALL)],
    "来": [act("来 1", by={"resident"}, shows="见|等您|记下", unseen="我要报名")],
    "不来": [act("不来 1", by={"resident"}, shows="好的", unseen="您没有报")],
    "说难处": [act("说难处 院里积水", by=REGISTERED)],
    "想要的没有": [act("想要的没有", by=REGISTERED)],
    "我的难处": [act("难处 1", by={"resident"}, shows="第1号", unseen=NOT_FOUND)],
    "补充难处": [act("补充 1 三单元", by={"resident"}, audit="need.added", unseen=NOT_FOUND)],
    "不用办了": [act("不用办了 1", "不用办了", by={"resident"}, audit="need.withdrawn", unseen=NOT_FOUND)],
    "再说难处": [act("再说难处 1", by={"resident"}, unseen=NOT_FOUND)],
    "解决了没有": [act("解决了 3", by={"resident"}, audit="need.follow_up", unseen=NOT_FOUND)],
    "满意不满意": [act("满意 3", by={"resident"}, unseen=NOT_FOUND)],
    "还好": [act("还好 3", by={"resident"}, unseen=NOT_FOUND)],
    "许心愿": [act("许心愿 想学下棋", by=ALL)],
    "认领": [act("认领 2", by=REGISTERED - {"resident"}, unseen="自己")],
    "我的心愿": [act("撤回心愿 2", by={"resident", *HERE_LEADS}, audit="wish.withdrawn")],
    "议事": [
        act("议事 1", by=ALL, shows="长椅"),
        act("议事 1 1", by=OF_COMMUNITY_1, shows="记下了", unseen="问的是春园社区的居民"),
    ],
    "提建议": [act("提建议 门口放个垃圾桶", by=ALL)],
    "同意代办": [act("同意代办 1", by={"resident"}, unseen="没找到")],
    "不同意代办": [act("不同意代办 1", by={"resident"}, unseen="没找到")],
    "口令": [act("口令 春天", by=ALL)],
    "一起到了": [act("一起到了 1 1", by=ALL)],
    "收到": [act("收到 1", by=ALL)],
    "接受邀请": [act("接受邀请 AAAAAAAAAAAAAAAAAAAA", by=ALL, shows="邀请|不对|过期|用过")],
    # At the door of event 1; of event 6 its maker too; of event 7 not who made it and is organiser no more.
    "签到": [
        act("签到 1号活动 1", by=HERE_CHECKERS, shows="签到 1 位", unseen="跟门口的同志说一声"),
        act("签到 6号活动 1", by=MAKERS, shows="签到 1 位", unseen="跟门口的同志说一声"),
        act("签到 7号活动 1", by=AT_POINT_1, shows="签到 1 位", unseen="跟门口的同志说一声"),
        act("签到 1号活动", by=HERE_CHECKERS, shows="应到", unseen="跟门口的同志说一声"),
    ],
    "撤销签到": [act("撤销签到 1号活动 2", by=HERE_CHECKERS, shows="撤销 1 位")],
    "请假": [act("请假 1号活动 1", by=HERE_CHECKERS, shows="请假 1 位", unseen="现在没有报活动|不来了|取消")],
    "加人": [act("加人 1号活动 孙悟空", by=HERE_CHECKERS, shows="加上了")],
    "人数": [act("人数 1号活动 5", by=HERE_CHECKERS, shows="记下了")],
    "随行": [act("随行 1号活动 2", by=HERE_CHECKERS, shows="记下了")],
    "签退": [act("签退 1号活动 2", by=HERE_CHECKERS)],
    "结束签到": [act("结束签到 1号活动", "是", by=HERE_CHECKERS, audit="event.close")],
    "补录": [act("补录 1号活动 1", by=HERE_CHECKERS)],
    "双报到": [act("双报到", by=REGISTERED, shows="在职党员办的|哪个单位")],
    "我的签到码": [act("我的签到码", by=REGISTERED)],
    "签到表": [act("签到表 1", by=HERE_CHECKERS)],
    "签到码": [act("签到码 1号活动", by=HERE_CHECKERS)],
    "改签到": [
        act("改签到 4", "补记到场", "1", "本人来了没签", "是", by=HERE_LEADS, audit="attendance.correct"),
        act("改签到 4", "改清点人数", "5", "数漏了", "是", by=HERE_LEADS, audit="attendance.correct"),
    ],
    "改时长": [act("改时长 4", "2", "2", "提前来的", "是", by=HERE_LEADS, audit="hours.correct")],
    # Events. At another point one may hold none, and give it as an address alone.
    "发布活动": [
        act(
            *NEW_EVENT, "天涯红雁之家·春园社区", "0", "没有", "发布", by=SCOPED_HERE, audit="event.publish", unseen="."
        ),
        act(
            *NEW_EVENT,
            "别的地方",
            "河西",
            by={"there_organiser", "maker", "there_lead"},
            shows="是这里吗",
            unseen=".",
        ),
        act(
            *NEW_EVENT, "春园", "天涯红雁之家·春园社区", by=SECRETARIES | SCOPED_HERE, shows="最多来多少人", unseen="."
        ),
    ],
    "活动模板": [act("活动模板", by=ORGANISERS, shows="类型")],
    "和上次一样": [act("和上次一样", by=ORGANISERS)],
    "发布存稿": [act("发布存稿 3", by=AT_POINT_1, audit="event.publish")],
    "撤回": [act("撤回 5", by=MAKERS, audit="event.withdraw")],
    "改活动": [
        act("改活动 1", "名额", "20", "只改这一次", "是", by=HERE_ORGANISERS, audit="event.change"),
        act("改活动 6", "名额", "20", "是", by=MAKERS, audit="event.change"),
        act("改活动 7", "名额", "20", "是", by=AT_POINT_1, audit="event.change"),
    ],
    "取消活动": [
        act("取消活动 1", "台风", "是", by=HERE_ORGANISERS, audit="event.cancel"),
        act("取消活动 6", "台风", "是", by=MAKERS, audit="event.cancel"),
    ],
    "系列": [act("系列 1", by=AT_POINT_1, shows="书法班")],
    "结业名单": [act("结业名单 1", by=AT_POINT_1)],
    "讲义": [act("讲义 1", by=AT_POINT_1, shows="加一份", unseen="您报过|登记")],
    "加讲义": [act("加讲义 1", by=AT_POINT_1, shows="讲义发给我")],
    "删讲义": [act("删讲义 1", by=AT_POINT_1, shows="还没有讲义")],
    "我办的活动": [act("我办的活动", by=ORGANISERS)],
    # A market: stall 1 is at event 1, and number 1 there is of the resident; money of event 1.
    "摊位": [act("摊位 1", by=ALL, shows="理发")],
    "取号": [act("取号 1", by=REGISTERED)],
    "我的号": [act("我的号", by=REGISTERED)],
    "退号": [act("退号 1", by={"resident"}, shows="退了", unseen="没有号")],
    "接着排": [act("接着排 1", by=NO_ONE, unseen="还没过|没有")],
    "管摊位": [act("管摊位 1", by=HERE_CHECKERS, shows="理发")],
    "看号": [act("看号 1", by=HERE_CHECKERS, shows="理发")],
    "叫号": [act("叫号 1 0", by=HERE_CHECKERS, audit="stall.call")],
    "过号": [act("过号 1 0", by=HERE_CHECKERS)],
    "代取号": [act("代取号 1 2", by=HERE_CHECKERS, shows="取号 1 位")],
    "加摊位": [act("加摊位 1", "义诊", "二号桌", "到了取号排队", "0", by=HERE_ORGANISERS, audit="stall.add")],
    "关摊位": [act("关摊位 1", "是", by=HERE_CHECKERS, audit="stall.close")],
    "开摊位": [act("开摊位 1", by=HERE_CHECKERS)],
    "经费": [act("经费 1", by=HERE_ORGANISERS, shows="笔墨")],
    "改预算": [act("改预算 1", "300", by=HERE_ORGANISERS, audit="budget.plan")],
    "记支出": [act("记支出 1", "20", "纸", "没有", "没有", "是", by=HERE_ORGANISERS, audit="budget.spend")],
    "撤支出": [act("撤支出 1", "1", by=HERE_ORGANISERS, audit="budget.undo")],
    "看票据": [act("看票据 1", by=HERE_ORGANISERS)],
    "报销": [act("报销 1", "已核", by=DISTRICT, audit="budget.settle", unseen=".")],
    "活动照片": [act("活动照片 1", "有", by=HERE_ORGANISERS, shows="记下了")],
    # Broadcasts: 1 is a draft of here_lead, 2 asks for a yes, 3 is of maker.
    "群发": [act("群发", by=ORGANISERS)],
    "看群发": [
        act("看群发 1", by=HERE_LEADS, shows="示例通知"),
        act("看群发 3", by={"maker", *DISTRICT}, shows="示例通知"),
        act("发出群发 1", by=HERE_LEADS, audit="broadcast.hand_in"),
        act("同意群发 2", by=DISTRICT, audit="broadcast.approve"),
        act("退回群发 2", by=DISTRICT, audit="broadcast.send_back"),
        act("停掉群发 1", "停", by=HERE_LEADS, audit="broadcast.stop"),
        act("没收到群发 1", by=HERE_LEADS),
        act("打电话群发 1", by=HERE_LEADS),
    ],
    "电话名单": [
        act("电话名单", by=HERE_LEADS, shows="王秀英", unseen="没有要打的电话"),
        act("电话 1", by=HERE_LEADS, shows="王秀英"),
        act("电话 1 已告知", by=HERE_LEADS, audit="call.told"),
    ],
    # Needs. 1 waits for an owner; 2 and 3 have one, and a supervisor.
    "办件": [
        act("办件", by={"owner", "supervisor"}, shows="第2号", unseen="没有要办的件"),
        act("办件 1", by=HERE_LEADS, audit="need.read", unseen=NOT_FOUND),
        act("办件 2", by=WITH_PART, audit="need.read", shows="路灯", unseen=NOT_FOUND),
        act("答复 2 修好了，晚上看看", "办好了", "对", by={"owner"}, audit="need.stage", unseen=NOT_FOUND),
        act("退单 2 不归我们管", "示例district", by={"owner"}, audit="need.returned", unseen=NOT_FOUND),
        act("退单 2 不归我们管", "1001", by=NO_ONE, shows="王秀英", unseen="."),
        act("暂停 2 等配件", by={"owner"}, unseen=NOT_FOUND),
        act("转12345 2", "20261123", "对", by={"owner", *DISTRICT}, audit="need.stage", unseen=NOT_FOUND),
        act("备注 2 去看过了", by=WITH_PART, shows="记", unseen=NOT_FOUND),
    ],
    "代记难处": [
        act("代记难处", "1001", "打电话说的", "楼道灯不亮了", by=HERE_LEADS, audit="need.stage", unseen="没找到"),
    ],
    "做回访": [
        act("回访 3 解决了", by=HERE_LEADS, audit="need.follow_up", unseen=NOT_FOUND),
        act("回访 3", by=HERE_LEADS, shows="示例resident", unseen=NOT_FOUND),
    ],
    "派单": [
        act("派单", by=DISTRICT),
        act("派单 1", "别的人", "张桂芳", "春园社区的张干事", by=DISTRICT, audit="need.stage", unseen=NOT_FOUND),
        act("加急 1", by=DISTRICT, audit="need.urgent", unseen=NOT_FOUND),
        act("急难愁盼 1", by=DISTRICT, audit="need.pressing", unseen=NOT_FOUND),
        act("并入 1 2", by=DISTRICT, audit="need.merged", unseen=NOT_FOUND),
        act("联合办 2", "没有了", by=DISTRICT, audit="need.mode", unseen=NOT_FOUND),
        act("改类别 2", "交通出行", by=DISTRICT, audit="need.category", unseen=NOT_FOUND),
        act("列入督办 2", by={"supervisor", *DISTRICT}, audit="need.listed", unseen=NOT_FOUND),
        act("卡点 2 没有配件", by={"supervisor", *DISTRICT}, unseen=NOT_FOUND),
    ],
    "积分规则": [act("积分规则", "1 2 12", "对", by=DISTRICT, audit="points.rule")],
    "督办清单": [act("督办清单", by=DISTRICT)],
    "直派表": [act("直派表", by=DISTRICT, shows="直派表第")],
    "改直派表": [
        act(
            *("改直派表", "所有类别", "全区", "李建国", "区里的李干事", "没有", "直接办", "是"),
            by=DISTRICT,
            audit="routing.published",
        ),
    ],
    "删直派表": [act("删直派表", "1", by=DISTRICT, audit="routing.published")],
    "心愿办理": [
        act("心愿办理", by=HERE_LEADS, shows="心愿第1号", unseen="没有要整理"),
        act("发布心愿 1", "一位老人想学手机视频", "1", by=HERE_LEADS, audit="wish.posted"),
        act("牵线 2", by=HERE_LEADS, audit="wish.read"),
    ],
    "发起议事": [
        act("发起议事", *A_QUESTION, "12月10号", "对", by={"here_lead", "there_lead"}, audit="poll.asked", unseen="."),
        act("发起议事", *A_QUESTION, "12月10号", by={"here_lead"}, shows="春园社区，长椅", unseen="."),
        act("发起议事", *A_QUESTION, "春园社区", "12月10号", "对", by=POLL_MAKERS, audit="poll.asked", unseen="."),
        act("发起议事", *A_QUESTION, "全区", "12月10号", by=DISTRICT, shows="全区，长椅", unseen="."),
    ],
    "公布结果": [
        act("公布结果", by=HERE_LEADS | {"here_secretary"}, shows="几点开门", unseen="没有等着"),
        act("公布 2 早点开门", by=HERE_LEADS | SECRETARIES, audit="poll.answered"),
        act("答建议 1 下周就装", "只答复本人", by=HERE_LEADS, audit="suggestion.answered"),
    ],
    # Points.
    "更新服务点": [
        act("更新服务点", "春园社区", "电话", "0898-0000-9999", by=HERE_LEADS, shows="春园社区，电话", unseen="."),
        act("更新服务点", "春园社区", "电话", "0898-0000-9999", "是", by=LEADS, audit="point.change"),
    ],
    "写菜单": [
        act("写菜单", "春园社区", "11月", "周二上午 义诊", by=HERE_LEADS, shows="春园社区，11月", unseen="."),
        act("写菜单", "春园社区", "11月", "周二上午 义诊", "是", by=LEADS, audit="point.menu"),
    ],
    "导入名单": [act("导入名单", by=DISTRICT, shows="名单文件")],
    # Roles: a lead gives those of the own point to the own people.
    "给职务": [
        act(*A_CHECKER, "天涯红雁之家·春园社区", *TO_WANG, "是", by=HERE_LEADS, audit="role.grant", unseen="."),
        act(*A_CHECKER, "天涯红雁之家·河西社区", *TO_WANG, by=DISTRICT, shows="王秀英", unseen="."),
        act(*A_LEAD, "天涯红雁之家·春园社区", *TO_WANG, "是", by=DISTRICT, audit="role.grant", unseen="."),
        act(*A_CHECKER, "只管一场活动", "1", *TO_WANG, "是", by=HERE_LEADS, audit="role.grant", unseen="."),
    ],
    "收回职务": [
        act("收回职务", by=LEADS, shows="收回哪一个"),
        act("收回职务", "示例here_organiser", "是", by=HERE_LEADS, audit="role.revoke", unseen="."),
    ],
    # People: 王秀英 is of point 1 and branch 1.
    "查人": [
        act("查人 王秀英", by=HERE_LEADS | {"here_secretary"}, audit="person.search", shows="1001", unseen="没找到"),
    ],
    "登记别人": [
        act("登记别人", "同意", "赵大妈", "没有", "春园社区", "常住", "是", by=LEADS, audit="person.register"),
    ],
    "合并": [act("合并", "1001", "王秀兰", "本人来说的", "是", by=DISTRICT, audit="person.merge")],
    "拆开合并": [act("拆开合并 {她的另一份}", "弄错了", by=DISTRICT, audit="person.unmerge")],
    "编入支部": [
        act("编入支部", "李建国", "没有", "是", by=SECRETARIES - DISTRICT, audit="person.place", unseen="."),
        act("编入支部", "1001", "没有", "是", by={"here_secretary"}, audit="person.place", unseen="."),
        act("编入支部", "1001", "示例2支部", "没有", "是", by=DISTRICT, audit="person.place", unseen="."),
        act("编入支部", "王秀兰", by=NO_ONE, shows="王秀兰，|编入哪个", unseen="."),
    ],
    "核实党员": [
        act("核实党员", "1001", "已核实", by={"here_secretary", *DISTRICT}, audit="person.verify", unseen="没找到"),
    ],
    "谁在三亚": [act("谁在三亚", by=HERE_LEADS | {"here_secretary"}, shows="王秀英", unseen="这一周")],
    # Figures and the console.
    "统计": [act("统计 11月", by=COUNTERS, audit="report.export")],
    "后台": [act("后台", by=STAFF, shows="链接")],
}
