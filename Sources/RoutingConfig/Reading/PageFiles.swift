import Routing

/// The files of error pages that a set of rule files names: each is read once.
package final class PageFiles {
    /// The maximum size of a page, bytes: each slow client holds one.
    static let maxPageBytes = 256 << 10
    /// The maximum size of all pages, bytes.
    static let maxBytes = 32 << 20

    private var known: [String: [UInt8]] = [:]
    private var pages: [String: ErrorPageFile] = [:]
    private var bytes = 0

    /// Why a file cannot be an error page, its type being that of its name; nil: it can.
    package static func problem(_ path: String) -> String? {
        do throws(RuleFiles.Fault) {
            _ = try PageFiles().page(path, contentType: nil)
            return nil
        } catch {
            return error.message
        }
    }

    /// - Parameter contentType: nil: by the name's ending.
    func page(_ path: String, contentType: String?) throws(RuleFiles.Fault) -> ErrorPageFile {
        guard let contentType = contentType ?? Self.contentType(of: path) else {
            throw RuleFiles.Fault(
                code: .badValue,
                message: "the content type of this file is not known by its name",
                hint: "name it .html, .json or .txt; or write { file: …, content_type: … }"
            )
        }
        let key = "\(path)\n\(contentType)"
        if let page = pages[key] { return page }
        let page = ErrorPageFile(path: path, contentType: contentType, body: try read(path))
        pages[key] = page
        return page
    }

    private func read(_ path: String) throws(RuleFiles.Fault) -> [UInt8] {
        if let body = known[path] { return body }
        let body = try RuleFiles.read(path, limit: Self.maxPageBytes)
        bytes += body.count
        guard bytes <= Self.maxBytes else {
            throw RuleFiles.Fault(
                code: .tooMany,
                message: "all error pages together are larger than \(Self.maxBytes >> 20) MiB"
            )
        }
        known[path] = body
        return body
    }

    private static func contentType(of path: String) -> String? {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return nil }
        return switch path[dot...].dropFirst().lowercased() {
        case "html", "htm": "text/html; charset=utf-8"
        case "json": "application/json"
        case "txt": "text/plain; charset=utf-8"
        case "xml": "application/xml"
        case "xhtml": "application/xhtml+xml"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "gif": "image/gif"
        case "webp": "image/webp"
        case "ico": "image/x-icon"
        default: nil
        }
    }
}
