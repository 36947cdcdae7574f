import Foundation
import Testing

@testable import AdminPage

/// The folder of the page's files.
private let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/AdminPage/Files")

private func text(_ name: String) throws -> String {
    let file = try #require(PageFile.named(name))
    return try #require(String(validating: file.bytes, as: UTF8.self))
}

private func scripts() throws -> [(name: String, text: String)] {
    try PageFile.all.map(\.name).filter { $0.hasSuffix(".js") }.map { ($0, try text($0)) }
}

@Suite struct PageFileTests {
    @Test func `The program contains each file of the folder`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(PageFile.all.map(\.name) == names)
        for name in names {
            #expect(
                PageFile.named(name)?.bytes == [UInt8](try Data(contentsOf: folder.appending(path: name)))
            )
        }
        #expect(PageFile.named(PageFile.indexName) != nil)
    }

    @Test(arguments: ["", "..", "../PageFile.swift", "Files", "index.html/", "INDEX.HTML"])
    func `Only these names are files`(name: String) {
        #expect(PageFile.named(name) == nil)
    }

    @Test func `Each file has its content type`() {
        #expect(PageFile.named("index.html")?.contentType == "text/html; charset=utf-8")
        #expect(PageFile.named("page.css")?.contentType == "text/css; charset=utf-8")
        #expect(PageFile.named("page.js")?.contentType == "text/javascript; charset=utf-8")
        #expect(PageFile.named("icon.svg")?.contentType == "image/svg+xml")
        #expect(PageFile.all.allSatisfy { $0.contentType != "application/octet-stream" })
    }

    /// Names of requests and registries are written by strangers: nothing of them is ever read as markup, code or a URL.
    @Test func `No script makes elements or code from text`() throws {
        let forbidden = [
            "innerHTML", "outerHTML", "insertAdjacentHTML", "setHTML", "document.write",
            "createContextualFragment",
            "DOMParser", "srcdoc", "eval(", "Function(", "import(", "setTimeout(\"", "setInterval(\"",
            "javascript:", ".action =", ".formAction", ".cssText", "window.open", "location =", "location.",
            "postMessage",
            "XMLHttpRequest", "WebSocket", "EventSource", "sendBeacon", "serviceWorker", "document.cookie",
        ]
        let all = try scripts()
        #expect(all.count > 15)
        for (name, text) in all {
            for word in forbidden { #expect(!text.contains(word), "\(name) has \(word)") }
        }
    }

    /// Each of these is in one place, where a list of what is allowed stands beside it.
    @Test(arguments: [
        ("setAttribute", "dom.js"), ("createElement(", "dom.js"), ("createElementNS(", "dom.js"),
        ("fetch(path", "api.js"), (".href", "attention.js"), ("sessionStorage.setItem(TOKEN", "api.js"),
    ])
    func `What could be dangerous is in one file`(word: String, file: String) throws {
        let all = try scripts()
        #expect(all.filter { $0.text.contains(word) }.map(\.name) == [file])
    }

    @Test func `No attribute that may be set has code or a URL`() throws {
        let script = try text("dom.js")
        let start = try #require(script.firstRange(of: "const ATTRIBUTES = new Set([")).upperBound
        let end = try #require(script[start...].firstRange(of: "]);")).lowerBound
        let names = script[start..<end].split { " ,\n\"".contains($0) }
        #expect(names.count > 20)
        for name in names {
            let isDangerous =
                name.hasPrefix("on")
                || ["href", "src", "style", "action", "formaction", "srcdoc", "xlink:href", "data"].contains(
                    name
                )
            #expect(!isDangerous, "\(name)")
        }
    }

    @Test func `The page has no inline script or style, and loads nothing from elsewhere`() throws {
        let page = try text(PageFile.indexName)
        #expect(page.matches(of: /<script[^>]*>(?!<\/script>)/).isEmpty)
        #expect(page.matches(of: /<style|\sstyle=|\son[a-z]+=|<iframe|<object|<embed|<base/).isEmpty)
        var seen = 0
        for match in page.matches(of: /\s(?:src|href|action)="([^"]*)"/) {
            let target = match.output.1
            if target.hasPrefix("#") {
                #expect(page.contains("id=\"\(target.dropFirst())\""), "\(target)")
                continue
            }
            seen += 1
            #expect(target.hasPrefix("/page/"), "\(target)")
            #expect(PageFile.named(String(target.dropFirst("/page/".count))) != nil, "\(target)")
        }
        #expect(seen == 3)
        #expect(try text("page.css").matches(of: /url\(|@import|expression\(/).isEmpty)
    }

    @Test func `What a script imports is a file of the page`() throws {
        var seen = 0
        for (name, text) in try scripts() {
            for match in text.matches(of: /^import .+ from "([^"]*)";/.anchorsMatchLineEndings()) {
                seen += 1
                #expect(match.output.1.hasPrefix("./"), "\(name) imports \(match.output.1)")
                #expect(
                    PageFile.named(String(match.output.1.dropFirst(2))) != nil,
                    "\(name) imports \(match.output.1)"
                )
            }
        }
        #expect(seen > 40)
    }

    @Test func `Each element that a script looks for is in the page`() throws {
        let page = try text(PageFile.indexName)
        var seen = 0
        for (name, text) in try scripts() {
            for match in text.matches(of: /byId\("([^"]*)"\)/) {
                seen += 1
                #expect(page.contains("id=\"\(match.output.1)\""), "\(name) looks for \(match.output.1)")
            }
        }
        #expect(seen > 30)
    }
}
