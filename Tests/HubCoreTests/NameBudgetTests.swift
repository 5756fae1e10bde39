import HubCore
import Testing

@Suite("The budget of names")
struct NameBudgetTests {
    @Test(
        "a name has 64 bytes, with the server's name 60, and never less than 32",
        arguments: [("", 60), ("a", 59), (String(repeating: "a", count: 28), 32), (String(repeating: "a", count: 63), 32)])
    func limits(server: String, limit: Int) {
        #expect(NameBudget(besideServer: server).limit == limit)
    }

    @Test("a name that fits stays, one more character and it is cut to the limit")
    func edge() {
        let budget = NameBudget(besideServer: String(repeating: "s", count: 20))
        let fits = String(repeating: "a", count: 40)
        #expect(budget.fit(fits) == fits)
        let cut = budget.fit(fits + "b")
        #expect(cut.utf8.count == 40 && cut.hasPrefix(String(repeating: "a", count: 33) + "_"))
        #expect(budget.fit(fits + "c") != cut)
        #expect(budget.fit(fits + "b") == cut)
    }

    @Test("no character is torn, and no underscore stands before the one that is added")
    func characters() {
        let budget = NameBudget(besideServer: String(repeating: "s", count: 28))
        for filler in ["é", "👩‍👩‍👧", "_", "日本"] {
            let cut = budget.fit("x" + String(repeating: filler, count: 40))
            #expect(cut.utf8.count <= 32 && cut.hasPrefix("x") && !cut.contains("\u{FFFD}") && !cut.contains("__"))
        }
    }
}
