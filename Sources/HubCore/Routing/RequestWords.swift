/// Words that stand in requests whatever they ask for.
enum RequestWords {
    /// What a word is besides being one.
    struct Traits: OptionSet {
        let rawValue: UInt8

        /// It says nothing about the tool and is left out.
        static let left = Traits(rawValue: 1)
        /// It says little, and counts for less.
        static let faint = Traits(rawValue: 2)
        /// A request goes on to its next part with it.
        static let connective = Traits(rawValue: 4)
        /// A character that holds sentences together: a pair with one of them is no word.
        static let particle = Traits(rawValue: 8)
    }

    /// What a word is.
    static func traits(of word: ArraySlice<UInt8>) -> Traits { table.terms.find(word).map { table.traits[$0] } ?? [] }

    private static let table: (terms: TermTable, traits: [Traits]) = {
        var terms = TermTable()
        var traits: [Traits] = []
        for (text, trait) in [(left, Traits.left), (faint, .faint), (connectives, .connective), (particles, .particle)] {
            for word in text.split(whereSeparator: \.isWhitespace) {
                guard let number = terms.add(Array(word.utf8)[...]) else { continue }
                if number == traits.count { traits.append([]) }
                traits[number].insert(trait)
            }
        }
        return (terms, traits)
    }()

    /// Words that are left out wherever they stand: what grammar needs, and how people ask.
    private static let left =
        """
        a an the and or but if then else of to in on at by for from with about into over under as
        is are was were be been being am do does did doing have has had having
        i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
        this that these those there here what which who whom whose when where why how
        can could would should will shall may might must not no nor so too very just also only than such both each few more most other some any
        all own same cant wont isnt arent didnt doesnt hasnt havent wouldnt couldnt shouldnt
        please help need want like looking look wondering tell let know give get im id ive id ill youre thats whats theres lets
        thanks thank hello hi hey kindly possible able additionally furthermore moreover lastly finally firstly secondly well dont
        interested curious trying try going plan planning provide assist assistance make sure using use wanted wants needs
        请问 请帮 帮我 帮忙 我想 想要 需要 一下 一个 一些 怎么 怎样 如何 什么 哪些 哪个 可以 能否 能不 是否 有没 没有 以及 并且 然后 还有 关于 告诉 给我
        现在 知道 希望 麻烦 谢谢 这个 那个 这些 那些 我们 你们 他们 我要 我需 您好 你好 应该 因为 所以 如果 但是 或者 其中 之间 使用 利用 通过 根据
        """

    /// Chinese characters that hold sentences together: a pair with one of them is no word.
    private static let particles =
        "的 了 吗 呢 吧 啊 呀 嘛 哦 我 你 您 她 它 们 这 哪 很 么"

    /// Words with which a request begins its next part.
    private static let connectives =
        "and also then finally additionally furthermore moreover lastly afterwards next plus besides secondly 然后 并且 以及 同时 另外 此外 还有 最后 接着 再把 再将"

    /// Words that are in many requests and in few descriptions, and mean little in either: they count, but less.
    private static let faint =
        """
        good best better great nice popular favorite famous latest current currently recent recently new today tomorrow tonight yesterday now
        day days week weeks month months year years time times hour hours minute minutes next last past upcoming
        information info details detail data thing things way ways something anything someone anyone people person option options kind type types
        specific particular different various certain several many much lot available relevant related based according including include includes
        one two three four five six seven eight nine ten first second third single multiple
        would could really quickly quick easy easily simple improve learn understand understanding see think believe feel start started starting
        take put keep work working come go ask question questions tool tools function functions api service services app application platform
        between through during within without across against per via up down out off back while after before since until because however
        every another either neither whether already still even yet ever never always often usually
        example examples etc eg ie named called titled given name names value values
        offer offers offering suggest exactly specifically especially particularly
        信息 今天 明天 昨天 最新 当前 目前 相关 具体 详细 情况 内容 几个 哪里 多少 所有 全部 进行 工具 功能 服务
        """
}
