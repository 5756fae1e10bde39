import Testing

@testable import HubCore

@Suite("Search in Chinese")
struct ChineseRoutingTests {
    private static let tools = [
        RoutableTool(name: "get_weather", description: "查询指定城市的实时天气和未来几天的天气预报", arguments: [.init(name: "city", description: "城市名称")]),
        RoutableTool(name: "train_tickets", description: "查询两个车站之间的火车票余票", arguments: [.init(name: "date", description: "出发日期")]),
        RoutableTool(name: "translate_text", description: "将文本从一种语言翻译成另一种语言"),
        RoutableTool(name: "create_calendar_event", description: "在日历中新建一个日程"),
        RoutableTool(name: "express_tracking", description: "根据运单号查询快递物流信息"),
        RoutableTool(name: "exchange_rate", description: "获取货币之间的汇率并换算金额"),
        RoutableTool(name: "read_database", description: "在数据库中执行SQL查询语句"),
        RoutableTool(name: "send_email", description: "Send an email to a recipient"),
        RoutableTool(name: "delete_file", description: "删除指定路径的文件"),
        RoutableTool(name: "search_news", description: "搜索最新的新闻资讯"),
    ]

    @Test(
        "requests in Chinese find tools that are described in Chinese or in English",
        arguments: [
            ("明天上海的天气怎么样？", "get_weather"), ("帮我看看去北京的火车票还有没有", "train_tickets"), ("请把这句话翻译成英语", "translate_text"),
            ("我想安排一个下周二的会议日程", "create_calendar_event"), ("我的快递到哪里了", "express_tracking"), ("一百美元可以兑换多少人民币，按今天的汇率", "exchange_rate"),
            ("用ＳＱＬ查一下数据库里的订单", "read_database"), ("给经理发送一封邮件", "send_email"), ("把这个文件删掉", "delete_file"), ("今天有什么新闻", "search_news"),
            ("查詢天氣預報", "get_weather"), ("weather tomorrow", "get_weather"), ("delete a file", "delete_file"),
        ])
    func finds(text: String, name: String) {
        let index = ToolIndex(Self.tools)
        let hits = index.search(text, limit: 2, among: index.everything).hits
        #expect(hits.first.map { Self.tools[$0.tool].name } == name)
    }

    @Test("each part of a request in Chinese finds its tool")
    func parts() {
        let index = ToolIndex(Self.tools)
        let hits = index.search("先查询明天的天气预报，然后把结果翻译成另一种语言，最后发送邮件给同事", limit: 3, among: index.everything).hits
        #expect(Set(hits.map { Self.tools[$0.tool].name }) == ["get_weather", "translate_text", "send_email"])
    }

    @Test("matched words are whole runs of characters")
    func matched() {
        let index = ToolIndex(Self.tools)
        let hits = index.search("看天气预报", limit: 1, among: index.everything).hits
        #expect(hits.map(\.matched) == [["天气预报"]])
    }
}
