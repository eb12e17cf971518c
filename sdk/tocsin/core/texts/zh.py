"""Chinese (zh-CN) texts; keys and placeholders equal those of ``en``.

* Wording follows the usage of the police and of the banks: 止付、止付延期、冻结、解除止付、立案号、续冻.
* One text per reason: what is wrong, the rule, the remedy. Full-width punctuation.
"""

from collections.abc import Mapping

ERRORS: Mapping[str, str] = {
    # Malformed
    "MALFORMED": "报文无法解析（{hint}）。报文应当完整且符合 Tocsin 报文格式。请用现行版本的软件重新生成后再发送。",
    "UNKNOWN_FIELD": "报文含有该类型未定义的字段：{field}。签名报文只能包含已发布类型规定的字段。请删除该字段，"
    "或者改用定义了该字段的报文类型。",
    "NOT_CANONICAL": "报文不是规范编码。签名内容必须与其确定性编码逐字节一致：不写缺省值，字段不重复，顺序不颠倒。"
    "请重新编码并重新签名。",
    "UNKNOWN_ENUM": "字段 {field} 的取值 {value} 未在代码表中定义。只接受已发布的取值。请从代码表中选择。",
    "UNKNOWN_PAYLOAD_TYPE": "本系统不识别该报文类型。只接受已发布的报文类型。请使用 `tocsin schema` 列出的类型，"
    "或者升级软件。",
    "FIELD_MISSING": "缺少必填项 {field}。要求：{rule}。请补填后重新发送。",
    "FIELD_INVALID": "字段 {field} 填写有误。要求：{rule}。请更正后重新发送。",
    "ENVELOPE_TOO_LARGE": "报文长度为 {value} 字节，超过 {limit} 字节的上限。请精简内容，或者分成多份报文发送。",
    "FRAME_TOO_LARGE": "数据帧超过总线的上限。单帧报文总长不得超过传输上限。请减少单帧内的报文数量。",
    "PART_TOO_LARGE": "加密附件 {field} 长度为 {value} 字节，超过 {limit} 字节的上限。请精简内容。",
    "CHECK_DIGIT": "{field} 的校验位不符。校验位不符说明号码录入有误。请与原始材料核对后重新录入。",
    "IDENTIFIER_INVALID": "{field} 不是有效的号码。要求：{rule}。请更正后重新发送。",
    "PARTY_ID_INVALID": "{field} 不是有效的机构编号。机构编号由小写字母、数字和连字符组成，各段以点号分隔，"
    "总长不超过 {limit} 个字符，例如 police.420100、bank.icbc。可用 `tocsin directory list` 查询。",
    "AMOUNT_INVALID": "{field} 的金额填写有误。要求：{rule}。请按 50000.00 CNY 的格式填写。",
    "AMOUNT_PRECISION": "{field} 的金额小数位数过多。{currency} 的小数位数为 {limit} 位。请按该币种的最小单位填写。",
    "CURRENCY_UNKNOWN": "{field} 的币种无法识别。币种应当填写 ISO 4217 代码。请填写 CNY、HKD、USD 等代码。",
    "CURRENCY_RMB": "{field} 的币种写作 RMB，不是 ISO 4217 代码。人民币的代码是 CNY。请改写为 CNY。",
    "TIME_ZONELESS": "{field} 的时间没有注明时区。不注明时区的时间会产生歧义。请注明与世界协调时的时差，"
    "例如 2026-11-23T14:02:11+08:00。",
    "TIME_INVALID": "{field} 填写有误。要求：{rule}。请更正后重新发送。",
    "TOO_MANY_ITEMS": "{field}含 {value} 项；一条消息最多 {limit} 项。请分成多条消息。",
    "ITEM_REPEATED": "{field}中有重复项。每项只能出现一次。请删除重复项后重新发送。",
    "COMMITMENT_DIFFERS": "提交的令牌与已签名核查的承诺值不符。日志必须如实记载核查内容。请就这些对象重新发起核查。",
    "DOCUMENT_INVALID": "文件 {field} 在 {row} 处不符合规定。文件须符合已发布的格式。请更正，或者从原出处重新获取。",
    "DOMAIN_INVALID": "{field} 第 {position} 项不是可以封堵的域名：{rule}。请更正或者删去该项。",
    # SignatureInvalid
    "UNSIGNED": "报文没有签名。每份报文必须有且只有一个由签发人作出的签名。请用本人密钥签名后重新发送。",
    "SIGNATURE_INVALID": "签名与报文内容及签发人的密钥不符。签名后内容被改动，或者签名所用的不是该密钥。请勿据此执行；"
    "请用正确的密钥对原报文重新签名。",
    "KEY_WEAK": "该密钥不能证明签发人身份。要求：{rule}。请用 `tocsin join` 重新生成密钥。",
    "PROOF_INVALID": "证明未通过核验。要求：{rule}。请勿采信；请重新获取，仍不通过的，请报告总线运营方和治理机构。",
    "SEAL_INVALID": "加密附件 {field} 无法解密，或者与签名报文不一致。附件应当用贵方现行密钥加密。请发送方重新加密。",
    # NotPermitted
    "SENDER_MISMATCH": "报文载明的发送机构为 {sender}，而连接属于 {connection}。各机构只能以本机构名义发送。"
    "请使用发送机构自己的身份证书。",
    "PARTY_UNKNOWN": "目录中没有机构 {party}。只有已接入的机构才能参与。请用 `tocsin directory list` 核对名称，"
    "或者请总线运营方办理接入。",
    "PARTY_SUSPENDED": "机构 {party} 已被暂停。暂停期间不得发送指令，也不接收新的指令。"
    "暂停原因和恢复时间请向总线运营方查询。",
    "KEY_UNKNOWN": "{party} 的目录中没有该密钥。密钥须先由所属机构登记，方可用于签名。请登记该密钥，"
    "或者使用已登记的密钥。",
    "KEY_REVOKED": "{party} 的该密钥已被吊销。自吊销时起，该密钥的签名无效。请用本机构的有效密钥重新签名。",
    "KEY_PURPOSE": "该密钥登记的用途为：{purpose}；本次操作需要的用途为：{needed}（授权规则 {row}）。密钥只能用于登记的用途。"
    "请使用登记了该用途的密钥签名。",
    "POLICY_DENIED": "该操作未获授权（授权规则 {row}）。授权规则没有允许的，一律不予受理。请由有权机构办理，"
    "或者向总线运营方查询适用的规则。",
    "NOT_ADDRESSEE": "答复机构不是该指令的受令机构。只有受令机构可以答复。请由受令机构答复。",
    "NOT_ORIGIN": "该指令不是由本机构签发的。只有原签发机构或者授权规则指定的机关可以变更或者解除。"
    "请联系原签发机构办理。",
    "NOT_CHECKER": "{party} 未获授权核查该名单。只有名单所有方在最新一期中指定的核查方可以核查。请联系所有方在下一期中指定本单位。",
    "WRONG_AUDIENCE": "报文指定的是其他总线，本总线为 {bus}。一份报文只在一条总线上有效。请发往指定的总线，"
    "或者为本总线另行签发。",
    "TYPE_NOT_ACCEPTED": "机构 {party} 不接收该报文类型。机构只接收其在目录中声明的类型。请改用对方接收的类型，"
    "或者请对方升级。",
    "JOIN_CODE_INVALID": "接入码无效。接入码须与总线运营方提供的完全一致。请核对，或者重新申领。",
    "JOIN_CODE_EXPIRED": "接入码已过期，或者已被新的接入码取代。接入码仅在短时间内有效。请向总线运营方重新申领。",
    "JOIN_CODE_USED": "接入码已被使用。一个接入码只能供一家机构接入一次。如非本人使用，请立即通知总线运营方；"
    "否则请重新申领。",
    # NotRoutable
    "TARGET_NOT_SERVED": "没有机构受理该{kind}。指令只发往号段归属机构。请核对号码；号码无误的，"
    "请向总线运营方查询归属机构。",
    "ROUTE_DIFFERS": "报文的受令机构为 {party}，但该号码不归属该机构。指令应当发往号码归属机构。请不填受令机构，"
    "或者改为号码归属机构。",
    "PARTY_NOT_JOINED": "{party} 已获准接入总线，但尚未入网。保密内容只能加密给已入网的机构。请向总线运维方了解其入网时间，或者电话联系。",
    # RuleBroken
    "EXPIRED": "报文已失效。报文须在有效期内到达总线。仍有必要的，请重新签发。",
    "CREATED_IN_FUTURE": "按总线时钟，报文的签发时间在将来。最多允许超前 {limit}。"
    "请校准本机时钟（`tocsin doctor`）后重新签发。",
    "CASE_FILING_MISSING": "缺少必填项 {field}。严禁立案前冻结。请立案后填写；立案之前可以采取紧急止付。",
    "TERMS_EXHAUSTED": "该账户的止付次数已用完。同一账户最多止付 {limit} 次，不论由哪个机关提出（{source}）。"
    "确需继续控制资金的，请凭立案号办理冻结。",
    "TERM_TOO_LONG": "期限过长。最长不得超过 {limit}（{source}）。请缩短期限；确有必要的，可在到期前办理延期。",
    "NECESSITY_MISSING": "缺少必填项 {field}。对整个账户采取措施的，应当说明限额措施不足的理由。请补充说明，"
    "或者改为限额措施。",
    "PROFILE_UNKNOWN": "没有名为 {profile} 的法域规则。每一指令均须依照已生效的法域规则审核。"
    "请使用 `tocsin doctor` 在机构目录一项列出的规则。",
    "NOT_IN_PROFILE": "法域规则 {profile} 没有规定{kind}。只能采取法域规则规定的措施。请选择其规定的措施。",
    "DOMAIN_PUBLIC": "{field} 第 {position} 项是公共后缀，封堵会波及其下所有网站。请填写用于诈骗的具体域名。",
    "DOMAIN_PROTECTED": "{field} 第 {position} 项会波及法域规则 {profile} 保护的域名。请填写用于诈骗的具体主机名，或者由治理方修改保护名单。",
    # WrongState
    "THREAD_UNKNOWN": "未找到报文所指的原指令。后续指令须以已受理的原指令为依据。"
    "请用 `tocsin orders list` 核对指令编号。",
    "TRANSITION_REFUSED": "该指令的当前状态为“{state}”，不能进行“{event}”。每种状态只允许规定的操作。"
    "请用 `tocsin orders show` 查看，并选择允许的操作。",
    "EXTEND_AFTER_END": "该措施已到期。只有在期限届满前才能办理延期。依法仍可采取措施的，请另行签发指令。",
    "RANGE_TAKEN": "{party} 申报的号段与 {other} 受理的号段重叠。每个号码只归属一家机构。请与 {other} 商定归属，"
    "或者缩小号段。",
    "PARTY_EXISTS": "机构 {party} 已存在。每家机构只登记一次，其管理密钥全部吊销后方可重新登记。请更换机构编号，或者为已有机构登记新的密钥，"
    "或者先吊销其遗失的密钥。",
    "KEY_EXISTS": "该密钥已登记。一个密钥只归属一个持有人，只登记一次。请生成新的密钥。",
    "VERSION_STALE": "{field} 的版本不高于现行版本 {limit}。版本号只升不降。请以现行版本为基础重新提交。",
    "LIST_UNKNOWN": "没有该布控名单。名单须先由所有方开立，才能加入条目。请核对名称，或先开立名单。",
    "LIST_NOT_READY": "该布控名单仍在发布中。所有方声明发布完整后方可核查，以免误判为无记录。请几分钟后重试，或致电所有方。",
    "LIST_KEY_DIFFERS": "令牌不是用本期密钥生成的。布控名单每期使用各自的密钥。请用本期密钥重新生成令牌。",
    "EPOCH_OVER": "布控名单的这一期已经结束。已到期或已被新一期取代的，不再用于核查。请使用最新一期；没有的，由所有方开立。",
    "EPOCH_UNKNOWN": "该布控名单没有第 {value} 期；应为第 {limit} 期。期号逐一递增。请使用最新一期的期号，或开立下一期。",
    "ENTRY_EXISTS": "{field}已在布控名单上。有效的条目应当更正，不得重复发布。请更正该条目，或先撤销。",
    "ENTRY_UNKNOWN": "{field}不在布控名单上，或编号不符。只能更正、撤销名单上的条目。请与名单核对后重新发送。",
    "CHECK_UNKNOWN": "本单位没有这次核查。命中通知须写明命中时的核查。请写明该次核查，或先行核查。",
    "ATTEMPT_FENCED": "本次投递已失效：该指令已重新投递。只有最近一次投递可以确认。请重新处理该指令，其幂等键不变。",
    "HUB_BEHIND": "有成员持有比本总线更新的日志检查点。日志缺失的总线不得提供服务。请运营方找到最新的数据库，"
    "并用它启动总线。",
    # IdReused
    "ID_REUSED": "该报文编号已用于另一内容的报文。一个编号永远只对应一份内容。请为新内容使用新的编号。",
    # NotFound
    "NOT_FOUND": "没有找到您有权查看的内容。他人的内容不予显示。请核对名称和本人权限。",
    # LocalFault
    "PASSPHRASE_WRONG": "口令不可用（{hint}）。口令用于保护本机构身份的密钥。请重新提供；口令遗失的，请用新密钥重新接入，"
    "并吊销原密钥。",
    "IDENTITY_INVALID": "身份目录不可用（{hint}）。该目录须保存 `tocsin join` 生成的文件且未经改动。请从备份恢复，"
    "或者重新接入。",
    "IDENTITY_EXPOSED": "身份目录可被他人读取。该目录只允许所有者访问。请将权限改为 0700；可能已被复制的，请吊销密钥。",
    "DIRECTORY_EMPTY": "尚未取得机构目录。没有目录就无法核验密钥，也无法生成指令。请先与总线连接一次，然后重试。",
    "HANDLER_RESULT_INVALID": "处理程序的{field}无效。要求：{rule}。指令不会因此被拒绝，而会再次投递："
    "请修正处理程序，或者用 `tocsin orders answer` 答复。",
    "SETUP_INVALID": "本机设置有误，无法进行：{field} 不符合要求。要求：{rule}。请改正后重新启动。",
    "ROLLBACK": "本地数据库早于本机构已收到的记录。从旧副本恢复的数据库不得使用。请恢复最新副本，"
    "或者向总线运营方咨询如何恢复。",
    "CORRUPT": "本地数据库已损坏（{hint}）。不得从损坏的数据库读取数据。请停止运行，保留文件备查，并恢复最新备份。",
    "STORE_NEWER": "本地数据库由较新版本的软件写入（格式 {value}；本软件最高可读 {limit}）。旧版本不得写入。"
    "请更新本机软件。",
    "ALREADY_RUNNING": "已有另一个进程在使用该身份。同一身份同时只能由一个进程使用。请停止另一进程，"
    "或者为本机单独办理接入。",
    # Unavailable
    "HUB_UNREACHABLE": "无法连接总线，或者在答复前连接中断。发送中的报文是否送达尚不确定；报文已留存，将以同一编号重发。"
    "查询请重新进行。"
    "持续不通的，请用 `tocsin doctor` 检查。",
    "STORE_BUSY": "数据库繁忙，未写入任何数据。请以同一报文编号重试。",
    "STORE_FULL": "数据库磁盘已满，未写入任何数据。请运营方腾出空间后，以同一报文编号重试。",
    "DRAINING": "总线正在停机，不再受理新的报文。报文已留存，待总线恢复后重发。",
    "CLOCK_UNEXPLAINED": "总线时钟发生跳变且原因不明。在运营方查明之前，任何期限不计届满，也不受理指令。"
    "请稍后以同一报文编号重试。",
    "QUOTA_EXCEEDED": "发送方已达到 {limit} 的限额。请在 {retry_after_ms} 毫秒后以同一报文编号重试；限额不足的，"
    "请联系总线运营方。",
    "MAILBOX_FULL": "接收方的普通报文已达 {limit} 份的上限。加急指令仍可受理。"
    "请在 {retry_after_ms} 毫秒后以同一报文编号重试。",
    "INTERNAL": "总线发生内部故障。报文是否受理尚不确定。请以同一报文编号重试；仍然失败的，请告知总线运营方。",
}

LABELS: Mapping[str, str] = {
    # files of a drop folder
    "file": "文件",
    "row": "行",
    "line": "行号",
    "rows-done": "已办理行数",
    "folder": "文件夹",
    # questions at the terminal
    "passphrase": "口令",
    "passphrase-again": "再次输入口令",
    # 运营方命令使用的说法，代替给成员看的说法
    "operator.ALREADY_RUNNING": "另一个进程正在使用该总线目录，很可能就是总线本身。同一目录同时只能由一个进程使用。请先停止总线。",
    "operator.HUB_UNREACHABLE": "该目录上没有总线应答。请用 `tocsin-hub serve` 启动；如果已在运行，请查看其日志。"
    "如果刚才是要作变更，请先确认是否已经生效，再重试。",
    "operator.IDENTITY_INVALID": "总线目录不可用（{hint}）。该目录须保存 `tocsin-hub init` 生成的文件且未经改动。"
    "请用 --dir 或 TOCSIN_HUB_DIR 指明目录，或者从备份恢复。",
    "operator.NOT_FOUND": "没有找到您指明的内容。只能办理总线现有的内容。请与列表核对，并确认 --dir 指明的是总线目录。",
    "operator.PARTY_UNKNOWN": "总线上没有机构 {party}。只能指明已获准接入的机构。请用 `tocsin-hub party list` 核对名称，"
    "或者用 `tocsin-hub party add` 办理接入。",
    "operator.PASSPHRASE_WRONG": "口令不可用（{hint}）。口令用于保护总线或者治理机构的密钥，无可替代。请重新提供。",
    "operator.PROFILE_UNKNOWN": "没有名为 {profile} 的法域规则。法域规则须为随软件提供的 cn 或 generic，或者可以读取的 TOML 文件。"
    "请指明其中之一。",
    "operator.ROLLBACK": "数据库早于总线已签名的记录，或者锚定文件缺失。此后成员持有什么已无从得知，因此总线不提供服务。"
    "请放回最新的数据库及与其同处的锚定文件。",
    # 签发人未填写时的默认内容
    "default-remedy": "请联系此处所列联系人了解情况。您可以向该联系人、任一公安机关或者您的开户银行提出异议，可以本人提出，也可以委托您信任的人提出。",
    # lanes
    "urgent": "加急",
    "routine": "普通",
    # roles
    "police": "公安机关",
    "anti-fraud": "反诈中心",
    "bank": "银行",
    "payment": "支付机构",
    "carrier": "电信企业",
    "customs": "海关",
    "regulator": "监管部门",
    "court": "法院",
    "oversight": "监督机构",
    "hub": "总线",
    "governance": "治理机构",
    # key purposes and kinds
    "order": "签发指令",
    "approve": "审批",
    "report": "反馈",
    "ack": "签收",
    "admin": "管理",
    "stop-payment": "止付",
    "extend": "止付延期",
    "freeze": "冻结",
    "release": "解除",
    "watch-list": "开立布控名单",
    "watch-publish": "布控条目发布",
    "watch-correct": "布控条目更正",
    "watch-withdraw": "布控条目撤销",
    "watch-check": "布控名单核查",
    "watch-hit": "布控命中",
    "watch-answer": "命中答复",
    "deadline-passed": "期限届满",
    "block-domains": "域名封堵",
    "unblock-domains": "撤销域名封堵",
    "governance-root": "治理根",
    "enrol-party": "机构接入",
    "suspend-party": "机构暂停",
    "add-key": "密钥登记",
    "revoke-key": "密钥吊销",
    "serve-ranges": "受理号段",
    "policy-version": "授权规则版本",
    "profile-version": "法域规则版本",
    # states of a measure
    "ordered": "已下达",
    "declined": "未执行",
    "in-force": "执行中",
    "releasing": "解除办理中",
    "released": "已解除",
    "lapsed": "到期自动解除",
    "unexecuted": "逾期未执行",
    # events of a measure
    "extend-ordered": "止付延期",
    "freeze-ordered": "冻结",
    "release-ordered": "解除",
    "answer-by-hand": "人工答复",
    "root-executed": "反馈已执行",
    "root-declined": "反馈未执行",
    "change-executed": "反馈变更已执行",
    "change-declined": "反馈变更未执行",
    "release-executed": "反馈已解除",
    "release-declined": "反馈未解除",
    "lapse-reported": "反馈到期自动解除",
    "end-passed": "期限届满",
    "execution-passed": "执行期限届满",
    "withdraw-ordered": "部分撤销",
    "withdraw-executed": "部分撤销已执行的回告",
    "withdraw-declined": "部分撤销未执行的回告",
    # a received order that is not a person's to answer
    "answered": "已答复",
    "being-handled": "办理中",
    # outcomes of an order
    "done": "已执行",
    "done-short": "已执行，余额不足",
    "already": "此前已办理",
    "mismatch": "户名或者要素不符",
    "not-found": "账户不存在",
    "exempt": "账户属于豁免范围",
    "bad-document": "法律文书缺失或者有误",
    "out-of-term": "不在有效期内",
    "limit-reached": "已达次数上限",
    "unsupported": "不支持",
    "unreachable": "账务系统无法连接",
    "refused-legal": "依法不予执行",
    "funds-moved": "资金已转出",
    "superseded": "已被解除指令取代",
    # answers and natures
    "open": "尚未反馈",
    "record": "总线记录",
    "list": "名单消息",
    "notice": "通知",
    # watchlists
    "notify": "通报所有方后放行",
    "inspect": "检查",
    "hold": "控制并等候所有方答复",
    "let-go": "放行",
    "call": "致电所有方",
    "withdrawn": "条目已撤销，放行",
    "clear": "无记录",
    "plate": "车牌",
    "parcel": "包裹",
    "list_id": "布控名单",
    "epoch": "名单期号",
    "valid_until_us": "本期截止时间",
    "key_check": "名单密钥校验值",
    "list_key": "名单密钥",
    "entries": "条目",
    "entry_no": "条目编号",
    "entry_hash": "条目所在消息的散列值",
    "complete": "发布完整",
    "tokens": "令牌",
    "count": "对象数量",
    "commitment": "承诺值",
    "purpose": "核查事由",
    "place": "地点",
    "officer": "经办人员",
    "check_id": "核查编号",
    "met_us": "命中时间",
    "instruction": "处置要求",
    "note": "备注",
    "subject": "核查对象",
    "subjects": "核查对象",
    "action": "处置措施",
    "details": "详情",
    "ends_us": "截止时间",
    "directory": "目录变更",
    # deadlines
    "answer-not-fetched": "逾期未反馈：指令未被领取",
    "answer-fetched": "逾期未反馈：指令已被领取",
    "measure-end": "措施法定期限届满",
    "execution": "未在执行期限内执行",
    "delivery": "已停止投递",
    # fields
    "message_id": "报文编号",
    "sender": "发送机构",
    "author_key": "签发人密钥",
    "recipients": "受令机构",
    "target": "目标号码",
    "audience": "总线名称",
    "created_us": "签发时间",
    "expires_us": "有效期",
    "lane": "通道",
    "case_ref": "案件编号",
    "case_filing_no": "立案号",
    "legal_basis": "法律依据",
    "legal_basis.profile": "法域规则",
    "legal_basis.document_no": "法律文书号",
    "contact": "联系方式",
    "remedy": "救济途径",
    "holder_notice": "告知当事人的范围",
    "thread": "指令链",
    "thread.root_id": "原始指令",
    "thread.parent_id": "所依据的指令",
    "on_behalf_of": "委托机构",
    "parts": "加密附件",
    "scope": "措施范围",
    "amount": "金额",
    "transaction_ref": "交易流水号",
    "necessity": "必要性说明",
    "holder": "户名",
    "holder_id": "证件号码",
    "reason": "事由",
    "victim": "被害人",
    "transferred": "转账金额",
    "transferred_us": "转账时间",
    "freeze_type": "冻结方式",
    "term": "期限",
    "outcome": "执行结果",
    "held": "控制金额",
    "applied_us": "执行时间",
    "not_applied": "未执行的项",
    "not_applied.outcome": "该项的结果",
    "position": "序号",
    "domains": "域名",
    "balance": "账户余额",
    "available": "可用余额",
    "party": "机构",
    "region": "地区",
    "amount.currency": "币种",
    "exercise": "演练标志",
    "legal_basis.document_sha256": "法律文书散列值",
    "thread.supersedes": "所更正的报文",
    "due_us": "到期时间",
    "role": "机构类别",
    "escalate_to": "异常通报机构",
    "ranges": "受理号段",
    "key_id": "密钥",
    "compromised_since": "失密起始序号",
    "join_key": "接入密钥",
    "document": "文件",
    "version": "版本",
    "profile": "法域规则",
    "policy": "授权规则",
    "identity": "身份目录",
    "governance key": "治理密钥",
    "hub-directory": "总线目录",
    # identifier kinds
    "card": "银行卡号",
    "account": "银行账号",
    "iban": "国际银行账号（IBAN）",
    "phone": "电话号码",
    "wallet": "支付账户",
    # rules that a fact may name
    "rule.identifier.card": "卡号为 12 至 19 位数字",
    "rule.identifier.account": "账号写作“银行代码/账号”，例如 ICBC/0200000000000000006",
    "rule.identifier.iban": "IBAN 由国家代码、两位校验码和该国规定长度的账号组成",
    "rule.identifier.phone": "电话号码须带国家代码，例如 +86 138 0000 0000，且位数符合该国号码规则",
    "rule.identifier.wallet": "支付账户写作“支付机构代码/账户号”，例如 psp.example/1000001",
    "rule.identifier.kind": "请填写卡号、IBAN 或者以 + 开头的电话号码，或者在号码前注明种类，"
    "例如 account:ICBC/0200000000000000006",
    "rule.identifier.region": "地区填写六位行政区划代码（GB/T 2260，例如 420100）、ISO 3166-2 代码（例如 CN-HB）或者国家代码（例如 CN）",
    "rule.subject.subject": "写明类别和号码，如 document:passport/CHN/E00000000、plate:CHN/鄂A00000、parcel:EE000000005CN、"
    "phone:+86 138 0000 0000 或 card:6222 0200 0000 0007",
    "rule.subject.document": "证件写作 类别/签发国/号码：类别为 passport、id-card、residence-permit、travel-permit、seaman-book "
    "或 other；签发国按机读证件代码填写，如 CHN",
    "rule.subject.plate": "车牌写作 国家/号牌，如 CHN/鄂A00000",
    "rule.subject.parcel": "包裹单号为 6 至 40 位字母和数字",
    "rule.message_id": "报文编号为第 7 版 UUID，例如 01890a5d-ac96-774b-bcce-b302099a8057",
    "rule.amount.form": "金额由数字和币种组成，逗号只能用作千位分隔",
    "rule.amount.json": 'JSON 中金额写作 {"amount": "50000.00", "currency": "CNY"}，两项均为文本',
    "rule.amount.negative": "金额不得为负数",
    "rule.amount.positive": "金额必须大于零",
    "rule.amount.range": "金额超出系统可以表示的范围（最小货币单位数不超过 2^63-1）",
    "rule.amount.currencies": "不同币种的金额不能相加或者比较",
    "rule.domains.some": "至少填写一个域名",
    "rule.domains.form": "域名由两段以上的小写字母、数字和连字符组成，末尾没有点",
    "rule.domains.ip": "IP 地址不是域名",
    "rule.domains.idna": "非拉丁文字的域名按 IDNA 2008 书写，即以 xn-- 开头的 A 标签",
    "rule.domains.lookalike": "容易与其他域名混淆，请填写其 A 标签（xn--…）",
    "rule.time.form": "时间按 RFC 3339 填写，例如 2026-11-23T14:02:11+08:00",
    "rule.time.range": "时间应当在 1970 年至 2999 年之间",
    "rule.time.duration": "期限由整数和单位（s、min、h、d、mo、y）组成，例如 48h、6mo，最长 100 年",
    "rule.time.zone": "时区填写 IANA 时区名称，例如 Asia/Shanghai",
}
