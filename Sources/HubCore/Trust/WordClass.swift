/// What a word is in an order to a model. A word can be several things; most are nothing.
struct WordClass: OptionSet, Hashable {
    let rawValue: UInt64

    /// Words that may stand between any two others.
    static let filler = WordClass(rawValue: 1 << 0)
    static let ignore = WordClass(rawValue: 1 << 1)
    static let before = WordClass(rawValue: 1 << 2)
    static let orders = WordClass(rawValue: 1 << 3)
    static let yours = WordClass(rawValue: 1 << 4)
    static let not = WordClass(rawValue: 1 << 5)
    static let tell = WordClass(rawValue: 1 << 6)
    static let user = WordClass(rawValue: 1 << 7)
    /// To get at something.
    static let take = WordClass(rawValue: 1 << 8)
    /// To hand something on to somebody.
    static let send = WordClass(rawValue: 1 << 9)
    /// To put something into an argument or an answer.
    static let put = WordClass(rawValue: 1 << 10)
    /// A place where credentials lie.
    static let place = WordClass(rawValue: 1 << 11)
    static let secret = WordClass(rawValue: 1 << 12)
    static let conversation = WordClass(rawValue: 1 << 13)
    /// What could be anything: text, file, result.
    static let content = WordClass(rawValue: 1 << 14)
    static let whole = WordClass(rawValue: 1 << 15)
    /// An address outside: of the web, of mail, a number to call.
    static let destination = WordClass(rawValue: 1 << 16)
    static let parameter = WordClass(rawValue: 1 << 17)
    static let tool = WordClass(rawValue: 1 << 18)
    static let call = WordClass(rawValue: 1 << 19)
    /// What makes a sentence an order, or puts it before or after another act.
    static let urge = WordClass(rawValue: 1 << 20)
    static let also = WordClass(rawValue: 1 << 21)
    static let model = WordClass(rawValue: 1 << 22)
    static let consent = WordClass(rawValue: 1 << 23)
    static let without = WordClass(rawValue: 1 << 24)
    static let telling = WordClass(rawValue: 1 << 25)
    static let act = WordClass(rawValue: 1 << 26)
    static let secretly = WordClass(rawValue: 1 << 27)
    /// Words of those who look for attacks, and of attacks.
    static let detect = WordClass(rawValue: 1 << 28)
    static let attack = WordClass(rawValue: 1 << 29)
    /// Words after which an order may begin.
    static let lead = WordClass(rawValue: 1 << 30)
    static let unbound = WordClass(rawValue: 1 << 31)
    static let role = WordClass(rawValue: 1 << 32)
    static let answering = WordClass(rawValue: 1 << 33)
    static let block = WordClass(rawValue: 1 << 34)
    static let message = WordClass(rawValue: 1 << 35)
    static let command = WordClass(rawValue: 1 << 36)
    static let authority = WordClass(rawValue: 1 << 37)
    /// What an identifier of another tool says that it does.
    static let danger = WordClass(rawValue: 1 << 38)
    static let key = WordClass(rawValue: 1 << 39)
    static let available = WordClass(rawValue: 1 << 40)
    static let approve = WordClass(rawValue: 1 << 41)
    /// Words of those who document how a caller signs in.
    static let protocols = WordClass(rawValue: 1 << 42)
    static let condition = WordClass(rawValue: 1 << 43)
    static let until = WordClass(rawValue: 1 << 44)

    // What the text around a word makes of it.
    /// Written as programs write names: `send_email`, `sendEmail`.
    static let identifier = WordClass(rawValue: 1 << 48)
    /// An identifier that is no tool of this server.
    static let foreign = WordClass(rawValue: 1 << 49)
    /// A foreign identifier that says it does something that cannot be taken back.
    static let risky = WordClass(rawValue: 1 << 51)
    /// A tool of another server of the hub.
    static let stranger = WordClass(rawValue: 1 << 50)

    /// The classes that no word has by itself.
    static let found: [(name: String, words: WordClass)] = [
        ("destination", .destination), ("identifier", .identifier), ("foreign", .foreign), ("risky", .risky), ("stranger", .stranger),
    ]

    /// What a part of an identifier may lend to it.
    static let lent: WordClass = [.take, .send, .secret, .danger]
}

extension WordClass {
    /// The words, folded as texts are: small, without accents and apostrophes. English, then German, French, Spanish, Italian, Portuguese,
    /// Russian; Chinese, Japanese.
    static let table: [(name: String, words: WordClass, list: String)] = [
        (
            "filler", .filler,
            """
            the a an any all of your my our its this that these those each every both please just very so some to
            der die das den dem des alle le la les l un une el los las de du des tout toutes todos todas
            """
        ),
        (
            "ignore", .ignore,
            """
            ignore disregard forget neglect discard overlook unlearn ignoring disregarding
            ignoriere ignorieren ignorier vergiss vergessen missachte ignorez oublie oubliez ignora ignorad olvida olvide olvidad ignorar
            dimentica ignori esqueca игнорируй игнорируйте забудь забудьте 忽略 无视 忘记 忘掉 不理会 抛弃 无視
            """
        ),
        (
            "before", .before,
            """
            previous prior above earlier preceding foregoing former past original initial
            vorherigen vorherige vorigen bisherigen bisherige obigen fruheren precedentes precedents precedente anterieures anteriores previas
            previos anterior precedenti предыдущие прежние 之前 以上 前面 先前 此前 上述 原有 以前
            """
        ),
        (
            "orders", .orders,
            """
            instruction instructions prompt prompts directive directives guideline guidelines directions programming
            anweisung anweisungen instruktionen vorgaben befehle consigne consignes instruccion instrucciones ordenes indicaciones
            istruzioni instrucoes инструкции указания 指令 指示 提示 提示词 命令 规则 要求
            """
        ),
        ("yours", .yours, "your yours system safety deine deinen ihre tes vos tus sus 你的 您的 系统"),
        (
            "not", .not,
            """
            not never dont mustnt shouldnt wont cannot nor avoid no refrain
            nicht nichts niemals nie kein keine keinem ne jamais pas nunca jamas nao non mai не никогда
            不要 不得 不可 不能 不应 切勿 请勿 勿 别 禁止 无需 不必 不用 绝不 不许
            """
        ),
        (
            "tell", .tell,
            """
            tell inform mention notify alert say explain report admit warn telling mentioning informing notifying let
            sage sag sagen erwahne erwahnen informiere informieren verrate teile mitteilen dis dites dire informe informez ninformez
            mentionne mentionnez ne previens prevenez digas diga decir informes informar menciones mencione avises reveles
            dica dire informare informi diga informe говори сообщай сообщайте говорите упоминай
            告诉 告知 通知 提及 提到 透露 说明 提醒 泄露 让 向
            """
        ),
        (
            "user", .user,
            """
            user human person owner enduser operator
            benutzer nutzer anwender benutzers nutzers lutilisateur utilisateur usuario utente utilizador пользователю пользователь
            пользователя 用户 使用者 客户 主人
            """
        ),
        (
            "take", .take,
            """
            read open cat access fetch load retrieve get view copy dump extract collect grab obtain gather locate find reading
            lies lese lesen offne offnen kopiere lis lisez lire ouvre ouvrez copiez lee lea leer abre copia leggi leggere leia
            прочитай прочитайте открой 读取 读出 打开 查看 获取 读 收集 复制 访问
            """
        ),
        (
            "send", .send,
            """
            send forward transmit post upload email mail exfiltrate leak bcc export share submit relay ship deliver sending forwarding
            sende senden schicke schicken ubermittle ubertrage leite envoie envoyez envoyer transmets transmettez envia envie enviar
            manda reenvia invia inviare отправь отправьте отправляй перешли 发送 转发 上传 发到 发给 寄到 传到 提交
            """
        ),
        (
            "put", .put,
            """
            pass put include insert attach append paste place supply embed add provide write fill encode store
            ubergib ubergebe fuge schreibe setze passe passez mets mettez inclus incluez ajoutez pasa pase pon incluye incluya adjunta
            inserisci passa передай вставь 放入 放到 填入 写入 传入 传递 附上 作为 附加 包含
            """
        ),
        (
            "place", .place,
            """
            .ssh id_rsa id_ed25519 id_ecdsa id_dsa .aws .env .netrc .npmrc .pypirc .git-credentials .gitcredentials .kube kubeconfig .gnupg
            .pgpass .my.cnf .docker .cursor mcp.json claude_desktop_config.json credentials.json .bash_history .zsh_history .bashrc
            .zshrc .htpasswd passwd shadow authorized_keys known_hosts wallet.dat keychain cookies.sqlite login.json secrets.yaml
            secrets.yml .vault-token .azure .gcloud application_default_credentials.json service_account.json .boto .s3cfg .password-store
            .mcp.json settings.local.json .claude .gemini .codeium .terraformrc terraform.tfstate .credentials
            """
        ),
        (
            "secret", .secret,
            """
            password passwords credential credentials secret secrets cookie cookies passphrase apikey apikeys token tokens
            passwort passworter zugangsdaten motdepasse contrasena contrasenas credenciales пароль пароли 密码 密钥 口令 凭证 凭据 私钥 令牌
            """
        ),
        (
            "conversation", .conversation,
            """
            conversation conversations chat transcript dialogue dialog
            unterhaltung gesprach chatverlauf verlauf gesprachsverlauf conversacion conversaciones conversazione conversa переписку диалог
            对话 会话 聊天记录 对话记录 对话内容 聊天 聊天内容 上下文
            """
        ),
        (
            "content", .content,
            """
            content contents text data result results output input file files message messages body document documents email emails code
            response it them copy history inhalt ergebnis datei contenu contenido resultado archivo contenuto 内容 文本 数据 结果 文件 消息
            """
        ),
        (
            "whole", .whole,
            """
            whole entire full complete everything all verbatim every exact raw
            gesamte gesamten ganze ganzen komplette vollstandige toute entiere complet complete integralite todo toda completa completo
            tutta intera всю весь 全部 完整 整个 所有 全文
            """
        ),
        (
            "parameter", .parameter,
            """
            parameter parameters argument arguments field fields param params property sidenote note notes context metadata header comment
            feld argumente parametre champ parametro campo 参数 字段 备注
            """
        ),
        ("tool", .tool, "tool tools function functions server servers plugin werkzeug werkzeugs outil outils herramienta 工具 函数 服务器"),
        (
            "call", .call,
            """
            call invoke run execute use trigger calling using invoking running executing
            rufe aufrufen nutze verwende appelle appelez utilise utilisez llama llame usa usar use ejecuta chiama
            вызови вызвать 调用 使用 执行 运行
            """
        ),
        (
            "urge", .urge,
            """
            must always required mandatory need needs should shall before after first then otherwise immediately whenever when finally
            never necessary only once you now crucial critical important
            musst mussen immer bevor vor zuerst sonst unbedingt dois devez toujours avant dabord sinon debes debe siempre antes primero
            devi sempre prima должен должны сначала всегда перед 必须 务必 总是 始终 先 首先 之前 前 然后 否则 一定 需要 每次
            """
        ),
        (
            "also", .also,
            "also then additionally finally afterwards after before always every must first secretly silently too auch dann aussi puis tambien "
                + "luego anche poi также потом 并 同时 然后 还要 再"
        ),
        ("model", .model, "assistant model ai agent llm claude chatgpt gpt gemini copilot assistent assistente asistente 助手 模型 人工智能 智能体"),
        (
            "consent", .consent,
            "confirmation approval permission consent authorization confirm approve bestatigung zustimmung erlaubnis confirmacion permiso "
                + "autorisation permission 确认 许可 批准 同意 授权"
        ),
        ("without", .without, "without ohne sans sin senza sem без 不经 无需 未经 不用 不必"),
        (
            "telling", .telling,
            """
            telling informing mentioning notifying alerting asking warning prompting confirming knowledge knowing noticing awareness
            confirmation approval permission consent zu nachfrage wissen demander informer savoir preguntar informar saber avisar
            询问 告知 通知 确认 同意 许可
            """
        ),
        (
            "act", .act,
            "action actions call calls tool tools request requests command commands operation operations invocation invocations everything "
                + "dialog dialogs prompts 操作 调用 请求 命令 工具"
        ),
        (
            "secretly", .secretly,
            "secretly covertly surreptitiously silently quietly discreetly stealthily invisibly heimlich unbemerkt secretement discretement "
                + "secretamente silenciosamente тайно 偷偷 暗中 悄悄 秘密"
        ),
        (
            "detect", .detect,
            """
            detect detects detecting detection scan scans scanning scanner block blocks blocking prevent prevents classify classifies classifier
            recognize recognizes find finds filter filters flag flags guard guards check checks report reports catch catches sanitize
            sanitizes identify identifies analyze analyzes test tests strip strips remove removes reject rejects 检测 识别 扫描 拦截 过滤
            """
        ),
        (
            "attack", .attack,
            """
            injection injections jailbreak jailbreaks attack attacks attempt attempts poisoning malicious phishing phrase phrases
            suspicious hostile adversarial leak leaks leaked exposed such like example 注入 攻击 越狱 恶意
            """
        ),
        (
            "lead", .lead,
            """
            and then please must should always never now also first you will shall just not or but otherwise so to instead dont
            请 und dann bitte et puis y luego veuillez por favor
            """
        ),
        (
            "unbound", .unbound,
            """
            unrestricted unfiltered uncensored jailbroken dan unlimited unbound unaligned restrictions limitations filters limits
            maintenance developer god debug root sudo einschrankungen restricciones 限制 开发者模式 维护模式
            """
        ),
        ("role", .role, "mode assistant model ai agent admin administrator root dan jailbroken unrestricted hacker free bot 模式 助手 管理员"),
        ("answering", .answering, "answering responding replying answer respond reply response finishing continuing proceeding 回答 回复 答复"),
        (
            "block", .block,
            """
            important system secret instructions instruction hidden assistant critical admin override priority directive rules urgent
            inst sys developer mandatory required wichtig importante systemprompt system_prompt system-reminder tool_description tool_descriptions tool_call tool_calls tool_result
            function_calls function_results available_tools note_to_ai ai model agent
            llm prompt hint internal attention warning sysmsg 重要 系统 注意 指令
            """
        ),
        (
            "message", .message,
            "message messages email emails mail mails reply replies response responses payment payments transfer transfers"
        ),
        (
            "command", .command,
            "command commands response responses reply replies answer answers message messages commit commits script scripts"
        ),
        (
            "authority", .authority,
            "administrator administrators admin owner operator management security developers developer anthropic openai team vendor company "
                + "administratoren administrateur administrador 管理员 开发者 公司"
        ),
        (
            "danger", .danger,
            """
            delete remove drop destroy wipe send post transfer pay write exec execute shell upload forward grant revoke share run email
            http secrets secret env password credentials sms publish merge push approve
            """
        ),
        ("key", .key, "id ids identifier uuid number name title type url uri link key keys count limit status policy length"),
        ("protocol", .protocols, "header headers authorization bearer oauth client grant endpoint basic scheme"),
        ("condition", .condition, "if whether unless when where"), ("until", .until, "until unless yet before till 直到"),
        ("available", .available, "available present enabled connected installed exists loaded used called invoked accessible"),
        ("approve", .approve, "approve accept allow confirm authorize grant approved accepted authorized preapproved 批准 同意 允许 通过 确认"),
    ]
}
