import HubCore
import NIOCore
import Testing

@testable import SpecIngest

struct NameTests {
    @Test(
        "an operation id becomes letters, digits and underscores",
        arguments: [
            ("listPets", "listPets"), ("repos/list-for-org", "repos_list_for_org"), ("drive.files.list", "drive_files_list"),
            ("delete everything; rm -rf /", "delete_everything_rm_rf"), ("délété", "d_l_t"), ("2fa", "_2fa"), ("a__b_", "a__b_"),
        ] as [(String, String)])
    func operationIDs(id: String, name: String) {
        #expect(ToolNames.make([.init(operationID: id, method: "GET", path: "/")]) == [name])
    }

    @Test(
        "without a usable operation id the method and the path make the name",
        arguments: [
            (nil, "GET", "/users/{id}/posts", "get_users_id_posts"), (nil, "POST", "/", "post_root"), ("", "GET", "/a-b", "get_a_b"),
            ("名前", "PUT", "/x", "put_x"),
        ] as [(String?, String, String, String)])
    func methodAndPath(id: String?, method: String, path: String, name: String) {
        #expect(ToolNames.make([.init(operationID: id, method: method, path: path)]) == [name])
    }

    @Test("a long name is cut at a word and ends in a hash of the whole")
    func longNames() {
        let id = "getTheVeryLongNameOfAnOperationThatSomebodyGeneratedFromAClassAndAMethod"
        let names = ToolNames.make([
            .init(operationID: id + "A", method: "GET", path: "/"), .init(operationID: id + "B", method: "GET", path: "/"),
        ])
        #expect(names[0] != names[1])
        for name in names {
            #expect(name.utf8.count <= 64)
            #expect(name.hasPrefix("getTheVeryLongNameOfAnOperationThatSomebodyGenerated"))
        }
    }

    @Test("every one of several operations of one name gets a hash, whatever their order, and the others keep theirs")
    func duplicates() {
        let sources = ["/a", "/b", "/c"].map { ToolNames.Source(operationID: $0 == "/c" ? "other" : "same", method: "GET", path: $0) }
        let names = ToolNames.make(sources)
        #expect(names == ToolNames.make(sources.reversed()).reversed())
        #expect(Set(names).count == 3)
        #expect(names[0].hasPrefix("same_") && names[1].hasPrefix("same_") && names[2] == "other")
        #expect(names[0].utf8.count == 11)
    }

    @Test(
        "an argument's name is safe for every provider",
        arguments: [
            ("filter[x]", "filter_x"), ("$.xgafv", "xgafv"), ("page[size]", "page_size"), ("X-Request-Id", "X_Request_Id"), ("1st", "_1st"),
            ("StartTime<", "StartTime"), ("plain", "plain"), ("fields[a][b]", "fields_a_b"),
        ] as [(String, String)])
    func argumentNames(wireName: String, name: String) {
        #expect(ArgumentNames.make([ArgumentBinding(name: "", wireName: wireName, place: .query)]) == [name])
    }

    @Test("a name of which nothing is left gets one of its own")
    func emptyArgumentNames() {
        let names = ArgumentNames.make(["名", "前", "_"].map { ArgumentBinding(name: "", wireName: $0, place: .query) })
        #expect(Set(names).count == 3)
        #expect(names.allSatisfy { $0.hasPrefix("argument_") })
    }

    @Test("clashing arguments all say their place, and where that does not help, a hash tells them apart")
    func argumentClashes() {
        let bindings: [(String, ArgumentBinding.Place)] = [("id", .path), ("id", .body), ("a.b", .query), ("a-b", .query), ("x", .query)]
        let names = ArgumentNames.make(bindings.map { ArgumentBinding(name: "", wireName: $0.0, place: $0.1) })
        #expect(names[0...1] == ["id_path", "id_body"])
        #expect(names[2].hasPrefix("a_b_query_") && names[3].hasPrefix("a_b_query_") && names[2] != names[3])
        #expect(names[4] == "x")
    }

    @Test("a clash is resolved on the wire: each argument goes to its place under its own name")
    func clashOnTheWire() throws {
        let description = try Description(
            path: "/items/{id}", method: "put",
            operation:
                #"{"operationId":"op","parameters":[{"name":"id","in":"path"},{"name":"f[x]","in":"query"}],"requestBody":{"content":{"application/json":{"schema":{"properties":{"id":{"type":"string"}}}}}}}"#
        )
        let request = try description.request(#"{"id_path":"1","id_body":"2","f_x":"3"}"#)
        #expect(request.path == "/items/1?f%5Bx%5D=3")
        #expect(request.body.map { String(buffer: $0) } == #"{"id":"2"}"#)
        #expect(try description.operation().arguments.map(\.wireName) == ["id", "f[x]", "id"])
    }
}
