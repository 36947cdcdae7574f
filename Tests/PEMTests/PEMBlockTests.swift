import Testing

@testable import PEM

@Suite struct PEMBlockTests {
    private static func blocks(_ text: String) throws -> [String] {
        try PEMBlock.blocks(Array(text.utf8)).map { "\($0.line) \($0.label)" }
    }

    @Test func `Blocks are found with their lines, and text between them has no meaning`() throws {
        let text = """
            Bag Attributes
            -----BEGIN CERTIFICATE-----
            AAAA
            -----END CERTIFICATE-----

            -----BEGIN EC PRIVATE KEY-----\r
            AAAA\r
            -----END EC PRIVATE KEY-----\r

            """
        #expect(try Self.blocks(text) == ["2 CERTIFICATE", "6 EC PRIVATE KEY"])
        let first = try PEMBlock.blocks(Array(text.utf8))[0]
        #expect(String(decoding: Array(text.utf8)[first.range], as: UTF8.self).hasPrefix("-----BEGIN"))
        #expect(String(decoding: Array(text.utf8)[first.range], as: UTF8.self).hasSuffix("CERTIFICATE-----"))
    }

    @Test(arguments: [
        ("-----BEGIN A-----\nx", 1), ("\n-----BEGIN A-----\n-----BEGIN B-----\n-----END B-----", 2),
        ("-----BEGIN A-----\n-----END B-----", 1), ("-----BEGIN A-----", 1),
    ])
    func `A block without an end is an error`(text: String, line: Int) {
        let error = #expect(throws: PEMBlock.Unended.self) { _ = try PEMBlock.blocks(Array(text.utf8)) }
        #expect(error?.line == line)
    }

    @Test(arguments: ["", "\n\n", "-----", "-----BEGIN ", "-----BEGIN A----", "-----END A-----"])
    func `There may be none`(text: String) throws {
        #expect(try Self.blocks(text).isEmpty)
    }
}
