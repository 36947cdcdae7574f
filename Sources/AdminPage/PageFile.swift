/// A file of the page that the admin interface shows in a browser. The program contains all of them.
package struct PageFile: Sendable, Equatable {
    /// Without a folder, such as `page.css`.
    package let name: String
    /// The value of `Content-Type`.
    package let contentType: String
    package let bytes: [UInt8]

    /// The page itself; the others are what it loads.
    package static let indexName = "index.html"

    /// - Returns: nil: the page has no file of this name.
    package static func named(_ name: String) -> PageFile? { byName[name] }

    /// All files, in the order of their names.
    package static var all: [PageFile] { byName.values.sorted { $0.name < $1.name } }

    private static let byName = Dictionary(PageFiles.list.map { ($0.name, $0) }) { first, _ in first }

    init(_ name: String, _ bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        contentType = Self.contentType(of: name)
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }
}
