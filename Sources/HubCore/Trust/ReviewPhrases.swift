/// The phrases that a review looks for, in one place.
///
/// A phrase is words in a row inside one sentence: a word, several (`a|b`), or a class of `WordClass.table` (`{user}`). Up to three filler
/// words may stand between two of them anyway; `..` is up to four words of any kind, `...` up to fourteen. `^` before a phrase: it begins an
/// order, or is reported only. `(x)` after it: the sentence has a word of the class x too; `(!x)`: it has none.
struct PhraseGroup {
    var rule: DefinitionFinding.Rule
    var severity: DefinitionFinding.Severity
    /// What the text does, for the operator.
    var message: String
    /// What a tool may be about to say so without harm.
    var unlessAbout: SubjectWords?
    /// One a line.
    var phrases: [Substring]

    init(
        _ rule: DefinitionFinding.Rule, _ severity: DefinitionFinding.Severity, _ message: String, unlessAbout: SubjectWords? = nil,
        _ phrases: String
    ) {
        self.rule = rule
        self.severity = severity
        self.message = message
        self.unlessAbout = unlessAbout
        self.phrases = phrases.split(separator: "\n")
    }
}

extension PhraseGroup {
    /// All of them. The attacks that they are from are named in the tests.
    static let all = [
        PhraseGroup(
            .instructionToModel, .hold, "tells the model to forget its instructions",
            """
            ^ {ignore} .. {before} .. {orders}
            ^ {ignore} .. {orders} .. {before}
            ^ {ignore} {yours} .. {orders}|rules|policies|training
            ^ {ignore} {whole}|any|other|earlier .. instruction|instructions|prompts|guidelines|指令|规则|提示
            ^ {ignore} everything|anything|all|what .. told|learned|said|know|above|before
            ^ {not} follow|obey|heed .. {yours}|{before}|other .. {orders}|rules
            ^ override|bypass|circumvent|disable|suspend|break your|model|assistant .. {orders}|safety|safeguards|guardrails|restrictions|rules|policies
            ^ override|supersede|replace ... {before}|other|{yours} .. instructions|prompt|prompts|directives
            overrides|supersedes|precede {whole}|any|other|your .. instructions|prompts|directives
            ^ {ignore} .. {user} .. request|requests|question|input|wishes|preferences|intent
            treated|considered|interpreted|regarded|followed|obeyed as .. {orders}|commands|orders
            take|takes|has|have precedence|priority over .. {before}|other|{yours}|user|any .. {orders}|request|requests|rules|everything
            treat|consider|interpret|regard|follow|obey ... as .. {orders}|commands|orders|authoritative ... {yours}|priority|user|you
            whatever|regardless .. {user} ... {call}|always|instead|must|first
            以前|これまで .. {orders} .. {ignore}
            """),
        PhraseGroup(
            .instructionToModel, .hold, "gives the model another role or other rules",
            """
            you are now ... {role}|{unbound}|free
            you are ... {model} .. without|no .. {unbound}
            you are {unbound}
            you are dan|no .. longer .. bound|restricted|limited|assistant|subject
            act|behave|respond|pretend|roleplay as|like|to .. {unbound} .. {role}
            act|behave|respond|pretend ... without .. {unbound}|rules|guidelines|filters
            your new|real|true|actual|primary|main|only task|goal|role|instructions|objective|mission|purpose|job is|are
            from now on ... you|assistant|respond|reply|obey|answer|treat|model
            你 现在 .. {role}|{unbound}|{model}|是
            从现在开始|从现在起 .. 你|您|必须
            ^ reveal|print|output|repeat|leak|disclose|dump {yours}|hidden|initial|entire .. prompt|prompts|instructions|prompt
            """),
        PhraseGroup(
            .instructionToModel, .hold, "tells the model what to put into every command or answer",
            """
            prefix|prepend|append|precede .. every|all|any|each .. {command} (urge)
            ^ prefix|prepend every|all|any|each .. command|commands
            execute|run ... curl|wget ... {destination} (urge)
            ^ execute|run .. rm rf
            before executing|running .. any|every|each|all .. {command} ... prefix|prepend|append|add|run|execute
            """),
        PhraseGroup(
            .instructionToModel, .flag, "tells the model how to answer beyond this tool",
            """
            every|each|all {command} .. include|add|mention|recommend|append (urge)
            highest|top|absolute|utmost priority
            """),
        PhraseGroup(
            .secrecy, .hold, "tells the model to keep something from the user",
            """
            {not} {tell} .. {user} (!until)
            {not} {tell} .. anyone|them about|that|this
            {not} reveal|disclose|share|repeat|show|mention this|these|your|hidden .. instruction|instructions|prompt|directives
            ^ lie ... say|tell|claim|pretend
            {tell} .. {user} .. nicht|nichts|rien|nada
            {user} .. {not} .. {tell}
            {not} show|display|reveal|disclose|expose this|it|these|its|that|tool|call|step|instructions .. {user}|anyone
            {not} mention|acknowledge|discuss|reference|explain|say this|it|that|these|anything|tool|instruction|instructions|step|file|reading|action (!parameter)
            {not} show its|tool|call .. arguments|parameters|call|use
            {not} let|allow .. {user} .. know|see|notice|find|learn|知道|看到
            hide|conceal|withhold|keep this|that|everything|fact|action|call|step|it|instruction|instructions|access|behavior .. from .. {user} (!detect)
            {user} must|should|shall|may|need|needs|does|will|can|is {not} .. know|notice|learn|told|informed|aware|realize|suspect
            {user} .. remain|remains|stay|stays|be|kept unaware|uninformed
            no need|reason to .. {tell} .. {user}
            keep this|it secret|hidden|confidential .. from (user)
            不让|别让|不能让|瞒着|避免 .. {user} (!detect)
            对|向 {user} 保密|隐瞒
            {user} .. 不知情|不知道|保密
            mention|tell|inform|erwahne|informiere|sage|sag|teile .. {user} .. nicht
            """),
        PhraseGroup(
            .secrecy, .flag, "speaks of doing something behind the user's back",
            """
            {without} .. {user} .. {telling}
            {without} {telling} .. {user}
            keep this|it secret|hidden|confidential
            {not} reveal|disclose this|it|these
            """),
        PhraseGroup(
            .secrecy, .hold, "tells the model to do something unseen",
            """
            ^ {secretly} .. {take}|{send}|{call}|{put} (content)
            ^ {secretly} .. {take}|{send}|{call}|{put} (conversation)
            ^ {secretly} .. {take}|{send}|{call}|{put} (secret)
            ^ {secretly} .. {take}|{send}|{call}|{put} (destination)
            {take}|{send}|{call}|{put} ... {secretly} (destination)
            {take}|{send}|{call}|{put} ... {secretly} (urge)
            {take}|{send}|{call}|{put} ... {without} .. {telling} .. {user} (urge)
            {without} {telling} .. {user} ... {take}|{send}|{call}|{put}
            """),
        PhraseGroup(
            .withoutConsent, .hold, "tells the model to act without the user's consent",
            """
            ^ {call}|{approve}|perform|make ... every|all|any|each|following|subsequent|future|other .. {act} ... {without} .. asking|{telling}
            {not} ask|wait|seek|request .. for|{user} ... {consent} (!detect)
            {not} ask|prompt {user} .. before
            ^ {approve} every|all|any|following|subsequent|future .. {act} .. {without}|automatically
            {authority} .. already|has|have|pre .. {approve} .. all|every|any|these|following .. {act}
            {user}|{authority} .. already|pre .. {approve} .. all|every|any|these|following|this (!condition)
            {consent}|confirmations|dialog|dialogs|prompts .. answered|answer|confirmed|accepted .. yes
            ^ answer|click|reply|respond|select yes .. to|for|in|at .. {consent}|{act}
            {call} ... {not} .. ask|require|request .. {user} .. {consent} (urge)
            {without}|无需|未经 .. {user} .. {consent} .. {call}|{send}|{take}
            """),
        PhraseGroup(
            .credentialPath, .hold, "tells the model to hand over what is in a place of credentials",
            """
            {take} ... {place} ... {put}|{send}
            {put}|{send} ... {content}|{whole}|{secret} ... {place} (!detect)
            {place} ... {put}|{send} ... {parameter}|{destination}|{content}
            before|after|first|then|must|先|必须|务必|vor|avant|antes ... {take} ... {place}
            {call} {foreign} .. {place}
            {content} .. from|of reading|read ... {secret}|ssh|rsa|passwd|env|aws|dotenv
            """),
        PhraseGroup(
            .credentialPath, .hold, "asks for what is in a place of credentials", unlessAbout: .credentials,
            """
            ^ {take} .. {place}
            content|contents|内容|inhalt|contenu|contenido .. {place}
            """),
        PhraseGroup(
            .exfiltration, .hold, "tells the model to send what it knows to an address",
            """
            {send} ... {conversation} ... {destination} (!detect)
            {send} ... {secret} ... {destination} (!protocol)
            ^ {send} .. everything|全部|所有 .. {destination}
            {send} ... {whole} ... {destination}
            {conversation}|{secret} ... {send} .. {destination}
            {also} .. {send}|{call} ... {content} ... {destination}
            {put}|{take} ... {conversation}|{secret} ... {send} ... {destination}
            {message}|{content} .. must|should|always|be|are ... go|sent|addressed|forwarded|copied|routed .. {destination}
            ^ bcc|cc every|all|each|any|copies ... {destination}
            bcc|cc .. {destination} (urge)
            {put}|always|must .. {destination} .. bcc|cc
            change|replace|redirect .. recipient|address|number|account|iban .. {destination}
            set|use ... recipient|address|number|account|iban .. {destination} (also)
            {whole} .. {content}|{conversation} .. to|at|发到|发给 .. {destination} (send)
            """),
        PhraseGroup(
            .exfiltration, .hold, "asks for what the model knows from elsewhere", unlessAbout: .conversations,
            """
            {whole} .. {conversation} .. so|prompt|system|always|history|context|verbatim|including|included|messages
            {conversation} .. history|so|到目前 .. {put}|always|must|required|system|never|far
            {put}|{send} .. conversation|transcript|dialogue|对话|会话|上下文 .. {parameter}|history|here
            {put}|{send} .. {whole} .. {conversation}
            {put}|{send} .. last|recent|previous|earlier .. messages .. {conversation}
            {put}|render|embed ... image|link|url|markdown ... {conversation}
            {put}|{send}|repeat|reproduce|paste {yours}|full|entire|complete|current .. prompt|instructions|提示词
            {whole}|your|current|own|exact|hidden system|initial|internal prompt|message|instructions|messages
            system prompt|message|instructions .. included|including|verbatim
            {put}|{send} .. {whole}|{before}|other|recent|last .. messages|history|context|results|responses|outputs (urge)
            {whole}|{before}|other|recent .. messages|results|responses|outputs|history .. of|from|in .. other|conversation|chat|session|tools|{conversation}
            """),
        PhraseGroup(
            .exfiltration, .hold, "tells the model to hand over secrets", unlessAbout: .credentials,
            """
            {put}|{send} .. {whole} .. {secret} .. {parameter}|{destination}|here
            {put}|{send} .. {whole}|all .. environment variables|values (urge)
            {put}|{send} .. {user} .. {secret}|ssh|private ... {parameter}|{destination}|here
            {take} .. {whole} .. environment variables ... {put}|{send}
            {take} ... {secret} ... {put} .. {parameter} (urge)
            set|fill .. this|it .. to|with .. {content}|value|output of|from .. {secret}
            """),
        PhraseGroup(
            .otherTool, .hold, "says what other tools are to do",
            """
            when|if|whenever|while|once {tool} {foreign} ... {available} ... must|every|all|instead|always|also|never|should
            when|if|whenever|while|once {tool} .. {available} ... {risky}|{stranger} .. must|should|always|never|instead
            when|if|whenever|while|once {risky}|{stranger} .. {tool} .. {available} ... must|every|all|instead|always|also|never|should
            when|if|whenever|while|once {risky}|{stranger} .. {available} ... must|every|instead|always
            when|if|whenever|before|after|while .. {call} .. {risky} ... instead|bcc|change|replace|forward|{secretly}
            instead of .. {tool} ... other|another|any server|servers|provider
            same name .. other|another|different server|servers|provider|one
            {not} use|call|invoke|trust ... {tool} .. of|from|by .. other|another|different server|servers|providers
            {also} {call} {risky} ... every|each|all|before|{answering}|with|for
            {call} {risky} ... before|after|without .. {answering}
            {not} {call}|trust .. other|another|different server|servers|providers
            {before}|all|any other|another .. {tool} .. {not} .. trusted|work|safe|used|called
            before|after|whenever|when .. {call} .. any|every|other|another .. {tool} ... {take}|{send}|{put} (content)
            before|after|whenever|when .. {call} .. any|every|other|another .. {tool} ... {take}|{send}|{put} (conversation)
            before|after|whenever|when .. {call} .. any|every|other|another .. {tool} ... {take}|{send}|{put} (place)
            {stranger} ... must|always|instead|never|first|before|add|change|replace|only|not|broken|deprecated|unsafe|insecure
            before|after|instead|when|whenever|if|never|not|must|always|only|override|replaces|supersedes .. {stranger}
            {stranger} .. {without}|{secretly}
            {call}|{also} {stranger}
            """),
        PhraseGroup(
            .otherTool, .flag, "speaks of other tools, or to the model itself",
            """
            {stranger}
            before|after|whenever|when .. {call} .. any|every|other|another .. {tool}
            {not} use|call|invoke .. other|another|any .. {tool}
            instead of .. {tool} .. other|another
            note|message|instruction|instructions|reminder|hint to|for .. {model}|agents|models|llms
            ask|prompt .. {user} .. {secret} .. {put}|{send}
            always|only prefer|choose this .. over|instead .. other|any .. {tool}
            """),
        PhraseGroup(
            .fakeTurn, .hold, "passes for a message of the system",
            """
            new task|instruction|instructions|directive|order|command|rule|objective .. {send}|{ignore}|{call}|{put}|{take}|{approve}|you|delete|export|{also}
            system|developer|admin|administrator|root note|message|override|notice|update|alert|directive|instruction|prompt .. you|must|{ignore}|{send}|{call}|{approve}|always|never
            official|urgent|authorized|verified message|instruction|request|notice from .. {authority}
            end of .. tool|user|system|description|input|context|documentation ... new|system|begin|you|{ignore}
            """),
    ]
}

/// What a tool is about, by the words of its name and title: its description may be the attack.
enum SubjectWords {
    case credentials
    case conversations

    /// The words, folded.
    var words: Set<String> {
        switch self {
        case .credentials:
            Self.set(
                """
                ssh key keys keychain credential credentials secret secrets env dotenv environment password passwords vault config
                configuration aws kube kubernetes kubectl docker git gnupg gpg netrc npm cookie cookies wallet token tokens certificate
                keystore shell dotfiles backup scan scanner leak leaks login signin authenticate auth oauth session
                """)
        case .conversations:
            Self.set(
                """
                chat chats conversation conversations message messages memory memories prompt prompts dialog dialogue transcript transcripts
                llm completion completions summarize summarise summarizes summary summaries assistant assistants agent agents model models
                thread threads history handoff moderation guardrail evaluate evaluation evals sampling generate session sessions response
                responses inference feedback reply call calls 对话 聊天 会话 消息 记忆 总结
                """)
        }
    }

    private static func set(_ list: String) -> Set<String> { Set(list.split { $0 == " " || $0 == "\n" }.map(String.init)) }
}
