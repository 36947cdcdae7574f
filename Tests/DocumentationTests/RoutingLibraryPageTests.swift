import Foundation
import Glibc
import Testing

/// The example of docs/routing-library.md is a program of this package.
@Suite struct RoutingLibraryPageTests {
    @Test func `The example on the page is the program`() throws {
        let page = try Repository.text("docs/routing-library.md")
        let program = try Repository.text("examples/routing-library/main.swift")
        #expect(codeBlocks("swift", in: page).joined() == program)
    }

    @Test func `The program prints what the page promises`() throws {
        // The tests' own program lies in the folder of the build's products.
        let products = URL(filePath: try #require(CommandLine.arguments.first)).deletingLastPathComponent()
        let program = products.appending(path: "routing-library").path
        try #require(FileManager.default.isExecutableFile(atPath: program), "no \(program)")
        let pipe = try #require(popen("'\(program)'", "r"))
        var output: [UInt8] = []
        while case let byte = fgetc(pipe), byte != EOF { output.append(UInt8(byte)) }
        #expect(pclose(pipe) == 0)
        #expect(String(decoding: output, as: UTF8.self) == "rule saas: forward to host_01:9000\n")
    }
}
