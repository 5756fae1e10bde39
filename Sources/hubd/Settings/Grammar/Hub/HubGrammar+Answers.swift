extension HubGrammar {
    /// Which parts of an answer are kept.
    static let keep = Field(
        "keep", .list(.text(.jsonPointer), minimum: 1), "The parts that are kept: JSON pointers, in which * is every element or member.")

    /// What becomes of answers, of one tool or of all.
    static let answerBounds: [Field] = [
        Field("fields", .boolean, "Whether the argument _fields, which chooses parts of an answer, is listed."),
        Field("bytes", size, "The most bytes of an answer; the default is 64KiB. Longer lists are cut, with a note."),
        Field("items", .integer(1...1_000_000), "The most elements of a list; without it, as many as fit."),
        Field("files", size, "The largest image, sound or other file that is passed on; the default is 4MiB."),
        Field("wait", .text(.duration), "How long an event stream is listened to; the default is 30s."),
        Field("pages", .oneOf([.integer(1...1000), pages]), "How many pages of a list are put together; the default is 1."),
    ]

    private static let pages = Shape.object(
        ObjectShape(
            fields: [
                Field("most", .integer(1...1000), "The most pages.").required,
                Field("items", .text(.jsonPointer), "Where the elements are; without it, the largest list of an answer."),
                Field("link", .words("header"), "The next page is in the Link header."),
                Field("next", .text(.jsonPointer), "Where an answer has the address of the next page."),
                Field("cursor", cursor, "An argument takes what the answer says."),
                Field("offset", .text(.plain), "The argument that says how many elements are skipped."),
                Field("page", .text(.plain), "The argument that counts pages."),
            ],
            atMostOne: [["link", "next", "cursor", "offset", "page"]]))

    private static let cursor = Shape.object([
        Field("from", .text(.jsonPointer), "Where the answer has it.").required,
        Field("argument", .text(.plain), "The argument that takes it.").required,
    ])
}
