"""What the bot can do. The menu finds them in this order."""

from dialogue.talk import House
from dialogue.understanding import Entry
from handlers import (
    asides,
    attendance_corrections,
    broadcasts,
    budgets,
    call_list,
    check_in,
    consent_changes,
    console,
    corrections,
    credit_points,
    emergency,
    event_changes,
    event_forms,
    events,
    figures,
    grants,
    handouts,
    idle,
    leaving,
    linking,
    links,
    market_desk,
    markets,
    messages_settings,
    my_data,
    my_events,
    need_access,
    need_desk,
    need_follow_ups,
    need_rulings,
    need_work,
    needs,
    organise,
    overview,
    own_code,
    people,
    people_import,
    phones,
    point_keeping,
    points,
    polls,
    priority_list,
    proofs,
    proxies,
    registration,
    report_ins,
    roles,
    routing,
    self_check_in,
    series,
    service_menus,
    sheets,
    topics,
    wall_codes,
    welcome,
    wishes,
)

HOUSE = House(
    greet=welcome.greet,
    help=welcome.help_out,
    human=welcome.human,
    puzzled=welcome.puzzled,
    emergency=emergency.heard,
    aside=asides.heard,
    phone=phones.of_house,
)

_organisers = roles.holding(*roles.ORGANISERS)
_checkers = roles.holding(*roles.CHECKERS)
_counters = roles.holding(*roles.COUNTERS)
_coordinators = roles.holding("district_staff")
_callers = roles.holding("point_lead", "district_staff")
_poll_makers = roles.holding("point_lead", "branch_secretary", "district_staff")
_secretaries = roles.holding("branch_secretary", "district_staff")
_staff = roles.Holding(tuple(roles.TITLES), "工作人员")
_need_workers = roles.AnyOf((need_access.NeedWorkers(), _callers))
_followers_up = roles.AnyOf((_callers, _need_workers))
_rulers = roles.AnyOf((_coordinators, _need_workers))

MENU: dict[str, Entry] = {
    "找服务点": Entry(
        points.find,
        (
            *"附近的服务点 服务点 红雁之家 最近的服务点 服务站 在哪儿 在哪旮旯 怎么走 咋走 附近".split(),
            *"几点开门 几点关门 开门吗 开不开门 开门时间 上班时间".split(),
        ),
        link="point place",
    ),
    "社区名单": Entry(points.by_community, ("按社区找", "社区列表")),
    "活动": Entry(
        events.browse,
        (
            "看活动",
            "有什么活动",
            "最近活动",
            "活动列表",
            "有啥活动",
            "有什么课",
            "有啥课",
            "学点什么",
            "私塾",
            "课程",
            "义诊",
            "集市",
        ),
        pattern=r"活动 ?(?P<rest>\d+|第\d+页)",
        outside=topics.IN_DAYS,
        link="event",
    ),
    "报名": Entry(events.sign_up, ("我要报名", "参加", "报一个"), pattern=r"报名 ?(?P<rest>\d+)", link="signup"),
    "一起报名": Entry(
        events.sign_up_together,
        ("两个人报名", "和老伴一起报名", "老伴也去", "老伴也来", "老伴也报", "带老伴", "带上老伴"),
        pattern=r"一起报名 ?(?P<rest>\d+)",
    ),
    "活动链接": Entry(links.pass_on, ("分享活动", "转发活动"), pattern=r"活动链接 ?(?P<rest>\d+)"),
    "活动码": Entry(
        wall_codes.poster, ("活动二维码", "海报二维码"), pattern=r"活动码 ?(?P<rest>\d+)", allowed=_organisers
    ),
    "日历": Entry(events.calendar_entry, ("记到日历", "手机日历"), pattern=r"日历 ?(?P<rest>\d+)"),
    "摊位": Entry(markets.show, ("看摊位", "有什么摊位", "挑摊位"), pattern=r"摊位 ?(?P<rest>\d+)", link="market"),
    "取号": Entry(
        markets.take,
        ("拿号", "排个号", "我要取号", "约时段", "预约摊位"),
        pattern=r"取号 ?(?P<rest>\d+)",
        link="stall",
    ),
    "我的号": Entry(markets.mine, ("前面还有几位", "排到几号了", "到我了吗", "我排第几", "看我的号")),
    "退号": Entry(markets.give_up, ("不要号了", "号不要了"), pattern=r"退号 ?(?P<rest>\d+)"),
    "接着排": Entry(markets.come_back, ("我回来了", "我过号了", "号过了", "过号了"), pattern=r"接着排 ?(?P<rest>\d+)"),
    "我的活动": Entry(
        my_events.overview,
        (
            *"我报的活动 我报名的 我的报名 我报了什么 我报了啥 我报了哪些 报了哪些".split(),
            *"报名了吗 报名了没 报上了吗 报上没 排到了吗 排上了吗 几点来着 几点上课 几点集合 在哪上课 哪天上课".split(),
        ),
    ),
    "讲义": Entry(handouts.take, ("看讲义", "课件", "讲义资料", "上课的资料"), pattern=r"讲义 ?(?P<rest>\d+(?: \d+)?)"),
    "参加证明": Entry(
        proofs.ask, ("参加活动证明", "开证明", "活动证明"), pattern=r"(?:参加|活动)证明\s*(?P<rest>\S.*)"
    ),
    "来": Entry(my_events.come, ("我来", "能来", "参加的"), pattern=r"来 ?(?P<rest>\d+)"),
    "不来": Entry(
        my_events.decline,
        ("来不了", "不去了", "不来了", "去不了", "去不成", "来不成", "取消报名", "退出报名", "不参加了"),
        pattern=r"不来 ?(?P<rest>\d+)",
    ),
    "登记": Entry(registration.register, ("报到", "注册", "我要登记", "党员报到")),
    "说难处": Entry(
        needs.tell,
        ("诉求", "反映", "反映问题", "有困难", "求助", "投诉", "报修", "提要求", "有事找你们"),
        outside=needs.IN_WORDS,
        link="attachment",
    ),
    "本月菜单": Entry(service_menus.show, ("服务菜单", "这个月有什么服务", "这个月的菜单")),
    "下月菜单": Entry(service_menus.show_next, ("下个月菜单", "下个月有什么服务")),
    "想要的没有": Entry(needs.request, ("定制服务", "定制式服务", "菜单上没有")),
    "我的难处": Entry(
        needs.state,
        ("难处", "我的诉求", "办得怎么样了", "办到哪了", "看进度", "查进度"),
        pattern=r"第 ?(?P<rest>[0-9一二三四五六七八九十百千零〇两]{1,9}) ?号|(?:我的)?难处 ?\d+",
        outside=r"\d{2,5}|\d{1,5}号|XQ\d{4}-?\d{1,5}",
        link="need",
    ),
    "补充难处": Entry(needs.add, ("补充",), pattern=r"补充 ?(?P<rest>第? ?\d{1,5}.*)"),
    "不用办了": Entry(needs.withdraw, ("撤回难处", "撤回诉求", "难处不用办了"), pattern=r"不用办了 ?(?P<rest>\d{1,5})"),
    "再说难处": Entry(needs.tell_again, pattern=r"再说难处 ?(?P<rest>\d{1,5})"),
    "解决了没有": Entry(need_follow_ups.say_whether_solved, pattern=need_follow_ups.SOLVED_PATTERN),
    "满意不满意": Entry(need_follow_ups.say_whether_satisfied, pattern=need_follow_ups.SATISFIED_PATTERN),
    "还好": Entry(need_follow_ups.say_well, pattern=need_follow_ups.WELL_PATTERN),
    "微心愿": Entry(wishes.browse, ("心愿", "看心愿", "认领心愿"), pattern=r"微心愿 ?(?P<rest>第\d+页)", link="wish"),
    "许心愿": Entry(wishes.make, ("我有个心愿", "说心愿", "许愿", "许个愿")),
    "认领": Entry(wishes.claim, ("我要认领",), pattern=wishes.CLAIM_PATTERN),
    "我的心愿": Entry(wishes.answer, pattern=wishes.OWN_PATTERN),
    "议事": Entry(polls.overview, ("投票", "商量", "社区议事", "大家商量"), pattern=polls.PATTERN, link="poll"),
    "提建议": Entry(polls.suggest, ("建议", "我有建议", "提意见", "意见")),
    "关联账号": Entry(
        linking.link,
        ("绑定账号", "关联", "换手机了", "换号了", "我在别处登记过"),
        pattern=r"关联(?:账号)? ?(?P<rest>\d{3} ?\d{3})",
        outside=r"\d{3} ?\d{3}",
        link="link",
    ),
    "断开别的账号": Entry(linking.part, ("断开账号", "取消关联", "解除关联")),
    "代办": Entry(proxies.overview, ("替家里人办", "替人办事", "帮家里人办")),
    "我要代办": Entry(proxies.ask, ("申请代办", "再替一位办")),
    "同意代办": Entry(proxies.agree, pattern=r"同意代办 ?(?P<rest>\d{1,9})"),
    "不同意代办": Entry(proxies.refuse, pattern=r"不同意代办 ?(?P<rest>\d{1,9})"),
    "取消代办": Entry(proxies.end, ("停止代办", "不要代办", "不用代办了")),
    "代报名": Entry(proxies.sign_up, ("替家里人报名", "帮家里人报名"), pattern=proxies.SIGN_UP),
    "代取消": Entry(proxies.cancel, ("替家里人取消", "代取消报名"), pattern=proxies.CANCEL),
    "同意新说明": Entry(consent_changes.agree),
    "不同意新说明": Entry(consent_changes.refuse),
    "个人信息说明": Entry(consent_changes.read, ("隐私说明", "隐私政策", "个人信息保护")),
    "我的事": Entry(overview.mine, ("我的", "个人中心")),
    "我的信息": Entry(my_data.overview, ("个人信息", "我的资料", "我的登记", "你们记了我什么", "信息")),
    "更正": Entry(
        corrections.correct,
        ("改信息", "修改信息", "改资料", "修改资料", "更正信息", "信息有变化", "有变化"),
        pattern=corrections.IN_WORDS,
    ),
    "导出我的信息": Entry(my_data.export, ("导出信息", "拿走我的信息", "下载我的信息", "导出我的资料")),
    "我的党员身份": Entry(my_data.membership, ("党员身份", "我的支部", "我是不是党员")),
    "双报到": Entry(report_ins.report_in, ("在职党员报到", "单位报到", "在职报到"), pattern=r"双报到\s*(?P<rest>\S.*)"),
    "我的积分": Entry(credit_points.show, ("积分", "积分卡", "看积分", "我的积分卡")),
    "开积分卡": Entry(credit_points.open_card, ("办积分卡", "要积分卡")),
    "关积分卡": Entry(credit_points.close_card, ("不要积分卡", "停积分卡")),
    "积分台账": Entry(credit_points.take_along, ("导出积分",), pattern=r"积分台账\s*(?P<rest>\S.*)"),
    "亮身份": Entry(my_data.show_membership, ("亮明身份", "亮出身份")),
    "不亮身份": Entry(my_data.hide_membership, ("收回身份", "别亮身份")),
    "撤回同意": Entry(leaving.withdraw, ("收回同意", "不同意了"), pattern=r"撤回同意\s*(?P<rest>\S.*)"),
    "注销": Entry(
        leaving.leave, ("注销登记", "退出登记", "取消登记", "删除我的信息", "删掉我的信息", "把我删掉", "注销账号")
    ),
    "留着登记": Entry(idle.stays, ("登记留着", "还留着", "留着我的登记")),
    "信息没变": Entry(idle.unchanged, ("没变化", "没有变化", "信息没变化", "信息没有变化")),
    "少发点": Entry(
        messages_settings.choose,
        ("少发消息", "消息太多", "消息设置", "消息多少", "发得太多"),
        pattern=r"少发点 ?(?P<rest>[0-3])",
    ),
    "退订": Entry(messages_settings.stop, ("取消订阅", "别发了", "不要发了", "别给我发了", "不想收消息", "TD")),
    "别提醒了": Entry(messages_settings.stop, ("别提醒", "不用提醒", "不要提醒", "不用提醒了", "别再提醒了")),
    "恢复提醒": Entry(
        messages_settings.resume, ("恢复消息", "重新提醒", "还是提醒我", "接着提醒", "重新订阅", "恢复订阅")
    ),
    "签到": Entry(check_in.check_in, ("名单", "点名"), pattern=r"签到(?!码|口令|二维码|记录|表)\s*(?P<rest>\S.*)"),
    "撤销签到": Entry(check_in.undo, pattern=r"撤销签到\s*(?P<rest>\S.*)", allowed=_checkers),
    "请假": Entry(check_in.excuse, pattern=r"请假\s*(?P<rest>\S.*)"),
    "加人": Entry(check_in.walk_in, ("现场加人",), pattern=r"加人\s*(?P<rest>\S.*)", allowed=_checkers),
    "人数": Entry(
        check_in.head_count, ("清点", "现场清点"), pattern=r"(?:人数|清点)\s*(?P<rest>\S.*)", allowed=_checkers
    ),
    "随行": Entry(check_in.companions, pattern=r"随行\s*(?P<rest>\S.*)", allowed=_checkers),
    "结束签到": Entry(
        check_in.close, ("结束登记", "签到结束"), pattern=r"结束签到\s*(?P<rest>\S.*)", allowed=_checkers
    ),
    "签退": Entry(check_in.leave, pattern=r"签退\s*(?P<rest>\S.*)", allowed=_checkers),
    "补录": Entry(sheets.type_in, ("补签", "录纸质名单"), pattern=r"(?s:补录\s*(?P<rest>\S.*))", allowed=_checkers),
    "签到表": Entry(sheets.print_out, ("打印签到表",), pattern=r"签到表 ?(?P<rest>\d+)", allowed=_checkers),
    "改签到": Entry(
        attendance_corrections.correct, ("改签到记录", "补记签到"), pattern=r"改签到 ?(?P<rest>\d+)", allowed=_callers
    ),
    "改时长": Entry(
        attendance_corrections.correct_hours, ("改服务时长",), pattern=r"改时长 ?(?P<rest>\d+)", allowed=_callers
    ),
    "签到码": Entry(self_check_in.wall, ("签到二维码",), pattern=r"签到码 ?(?P<rest>\d+号活动)", allowed=_checkers),
    "我的签到码": Entry(own_code.show, ("我的码", "出示签到码")),
    "口令": Entry(self_check_in.by_word, pattern=r"(?:签到)?口令\s*(?P<rest>\S.*)"),
    "扫码签到": Entry(self_check_in.by_code, link="checkin"),
    "一起到了": Entry(self_check_in.together, pattern=r"一起到了 ?(?P<rest>\d+ \d+)"),
    "发布活动": Entry(organise.create, ("新活动", "办活动", "建活动", "发活动"), allowed=_organisers),
    "活动模板": Entry(
        event_forms.create, ("填模板", "模板"), pattern=r"(?s:活动模板\s*(?P<rest>\S.*))", allowed=_organisers
    ),
    "和上次一样": Entry(organise.copy_last, ("跟上次一样", "照上次办"), allowed=_organisers),
    "发布存稿": Entry(organise.publish_draft, pattern=r"发布存稿 ?(?P<rest>\d+)", allowed=_organisers),
    "撤回": Entry(event_changes.undo, ("撤回活动", "改回来"), pattern=r"撤回 ?(?P<rest>\d+)", allowed=_organisers),
    "改活动": Entry(
        event_changes.change, ("修改活动", "活动改时间"), pattern=r"改活动 ?(?P<rest>\d+)", allowed=_organisers
    ),
    "取消活动": Entry(
        event_changes.cancel, ("活动取消", "活动不办了"), pattern=r"取消活动 ?(?P<rest>\d+)", allowed=_organisers
    ),
    "经费": Entry(
        budgets.show, ("活动经费", "看经费", "花了多少"), pattern=r"经费 ?(?P<rest>\d+)", allowed=_organisers
    ),
    "记支出": Entry(budgets.spend, ("记一笔", "记账"), pattern=r"记支出 ?(?P<rest>\d+)", allowed=_organisers),
    "改预算": Entry(budgets.plan, pattern=r"改预算 ?(?P<rest>\d+)", allowed=_organisers),
    "撤支出": Entry(budgets.undo, pattern=r"撤支出 ?(?P<rest>\d+)", allowed=_organisers),
    "看票据": Entry(budgets.receipts, pattern=r"看票据 ?(?P<rest>\d+)", allowed=_organisers),
    "报销": Entry(budgets.settle, pattern=r"报销 ?(?P<rest>\d+)", allowed=_organisers),
    "管摊位": Entry(
        market_desk.desk, ("管集市",), pattern=r"管摊位 ?(?P<rest>\d+(?: 第\d{1,3}页)?)", allowed=_checkers
    ),
    "看号": Entry(market_desk.show, pattern=r"看号 ?(?P<rest>\d+)", allowed=_checkers),
    "叫号": Entry(market_desk.call, ("叫下一个", "下一个"), pattern=r"叫号 ?(?P<rest>\d+(?: \d+)?)", allowed=_checkers),
    "过号": Entry(market_desk.skip, ("没来过号",), pattern=r"过号 ?(?P<rest>\d+(?: \d+)?)", allowed=_checkers),
    "代取号": Entry(market_desk.take_for, ("替人取号",), pattern=r"代取号 ?(?P<rest>\d+.*)", allowed=_checkers),
    "加摊位": Entry(market_desk.add, ("新摊位",), pattern=r"加摊位 ?(?P<rest>\d+)", allowed=_organisers),
    "关摊位": Entry(market_desk.close, ("收摊",), pattern=r"关摊位 ?(?P<rest>\d+)", allowed=_checkers),
    "开摊位": Entry(market_desk.reopen, pattern=r"开摊位 ?(?P<rest>\d+)", allowed=_checkers),
    "活动照片": Entry(event_changes.photo, pattern=r"活动照片 ?(?P<rest>\d+)", allowed=_organisers),
    "群发": Entry(broadcasts.create, ("发通知", "群发消息", "写群发"), allowed=_organisers),
    "看群发": Entry(broadcasts.work, ("群发情况", "我的群发"), pattern=broadcasts.PATTERN, allowed=_organisers),
    "收到": Entry(broadcasts.acknowledge, ("收到了", "已收到"), pattern=r"收到 ?(?P<rest>\d{1,9})"),
    "电话名单": Entry(
        call_list.work,
        ("打电话名单", "要打的电话"),
        pattern=r"电话(?:名单)?\s*(?P<rest>\d{1,6}(?:\s*\D+)?|第\d+页)",
        allowed=_organisers,
    ),
    "办件": Entry(need_work.work, ("我手上的件", "要办的件"), pattern=need_work.PATTERN, allowed=_need_workers),
    "代记难处": Entry(need_desk.write_down, ("帮人记难处", "替居民记难处"), allowed=_callers),
    "做回访": Entry(need_follow_ups.work, ("要回访的",), pattern=need_follow_ups.STAFF_PATTERN, allowed=_followers_up),
    "派单": Entry(need_rulings.work, ("等着派的件",), pattern=need_rulings.PATTERN, allowed=_rulers),
    "督办清单": Entry(priority_list.show, ("重点督办清单", "重点督办"), allowed=_coordinators),
    "直派表": Entry(routing.show, ("看直派表", "网格办件直派表"), allowed=_coordinators),
    "改直派表": Entry(routing.change, ("加直派表",), allowed=_coordinators),
    "删直派表": Entry(routing.drop_rule, allowed=_coordinators),
    "心愿办理": Entry(wishes.work, ("办心愿",), pattern=wishes.STAFF_PATTERN, allowed=_callers),
    "发起议事": Entry(polls.ask, ("新议事", "发起投票"), allowed=_poll_makers),
    "公布结果": Entry(polls.work, ("答复建议",), pattern=polls.STAFF_PATTERN, allowed=_poll_makers),
    "积分规则": Entry(credit_points.set_rule, ("改积分规则", "开通积分"), allowed=_coordinators),
    "给职务": Entry(grants.give, ("开通职务", "给权限", "加工作人员"), allowed=_callers),
    "收回职务": Entry(grants.take_back, ("撤职务", "取消职务"), allowed=_callers),
    "接受邀请": Entry(grants.accept, pattern=r"接受邀请\s*(?P<rest>[A-Za-z0-9_-]{16,64})", link="invite"),
    "查人": Entry(people.find, ("查一个人",), pattern=r"(?:查人|找人)\s+(?P<rest>\S.*)", allowed=_poll_makers),
    "导入名单": Entry(people_import.take_in, ("导入居民", "批量登记", "导名单"), allowed=_coordinators),
    "更新服务点": Entry(point_keeping.change, ("改开放时间", "改值班", "服务点关门"), allowed=_callers),
    "写菜单": Entry(service_menus.write, ("改菜单", "写服务菜单", "写本月菜单"), allowed=_callers),
    "登记别人": Entry(people.register, ("代登记", "帮人登记", "给老人登记"), allowed=_callers),
    "合并": Entry(people.merge, ("合并登记",), allowed=_coordinators),
    "拆开合并": Entry(people.part, pattern=r"拆开合并 ?(?P<rest>\d{1,9})", allowed=_coordinators),
    "编入支部": Entry(people.place, ("编支部",), allowed=_secretaries),
    "核实党员": Entry(people.verify, ("核实身份",), allowed=_secretaries),
    "谁在三亚": Entry(
        people.in_town, ("在琼名单", "本周谁在"), pattern=r"谁在三亚 ?(?P<rest>第\d+页)", allowed=_poll_makers
    ),
    "系列": Entry(series.show, ("看系列",), pattern=r"系列 ?(?P<rest>\d+)", allowed=_organisers),
    "加讲义": Entry(handouts.add, ("发讲义", "传讲义"), pattern=r"加讲义 ?(?P<rest>\d+)", allowed=_organisers),
    "删讲义": Entry(handouts.remove, pattern=r"删讲义 ?(?P<rest>\d+)", allowed=_organisers),
    "结业名单": Entry(series.complete, ("结业",), pattern=r"结业名单 ?(?P<rest>\d+)", allowed=_organisers),
    "我办的活动": Entry(organise.mine, ("我组织的活动",), allowed=_organisers),
    "统计": Entry(figures.count, ("数据", "报表", "汇总"), pattern=r"统计\s*(?P<rest>\S.*)", allowed=_counters),
    "后台": Entry(console.link, ("工作台", "进后台", "管理后台", "控制台"), allowed=_staff),
}
