import Foundation

/// Files of the repository, by their paths in it.
enum Repository {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }
}

/// The code blocks of a page in a language: what is between ```` ```language ```` and ```` ``` ````.
func codeBlocks(_ language: String, in page: String) -> [String] {
    page.components(separatedBy: "```").enumerated().compactMap { index, part in
        index % 2 == 1 && part.hasPrefix(language + "\n") ? String(part.dropFirst(language.count + 1)) : nil
    }
}
