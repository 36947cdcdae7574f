import Routing

/// What an `include` found.
package enum NginxInclude: Sendable {
    /// The files, in nginx's order; none if no file matches the pattern.
    case files([(name: String, bytes: [UInt8])])
    /// It cannot be read; the reason for messages.
    case unreadable(String)
}

/// Parses configuration files into directives.
struct NginxParser {
    /// Resolves the argument of an `include`.
    private let find: (String) -> NginxInclude
    private var directives = 0
    private var files = 0
    private var totalBytes = 0
    /// The files that are being read; each is included by the one before it.
    private var open: [String] = []
    /// The names of the blocks that are being read, outermost first.
    private var blocks: [String] = []

    /// An `include` without files.
    struct Missing {
        let include: Directive
        let reason: String
        /// Whether nginx, too, finds no file there.
        let isEmpty: Bool
        /// The innermost block that it stands in; nil: it stands in none.
        let block: String?
    }

    private(set) var missing: [Missing] = []

    init(find: @escaping (String) -> NginxInclude) {
        self.find = find
    }

    mutating func parse(_ bytes: [UInt8], file: String) throws(NginxError) -> [Directive] {
        let start = SourceLocation(file: file, line: 1, column: 1)
        files += 1
        totalBytes += bytes.count
        guard bytes.count <= NginxLimits.maxFileBytes, totalBytes <= NginxLimits.maxTotalBytes else {
            throw NginxError(
                "the configuration is too large",
                at: start,
                line: "",
                hint:
                    "the maximum is \(NginxLimits.maxFileBytes >> 20) MiB per file, \(NginxLimits.maxTotalBytes >> 20) MiB in all"
            )
        }
        open.append(file)
        defer { open.removeLast() }
        var lexer = NginxLexer(bytes, file: file)
        return try block(&lexer, depth: 0)
    }

    /// Directives that end with a semicolon and often hold regular expressions.
    private static let plain: Set<String> = [
        "server_name", "listen", "proxy_pass", "rewrite", "return", "set", "proxy_set_header", "include",
        "root",
    ]

    /// Reads up to the closing brace, or at the top level up to the file's end.
    private mutating func block(_ lexer: inout NginxLexer, depth: Int) throws(NginxError) -> [Directive] {
        let start = lexer.tokenPosition
        var found: [Directive] = []
        var words: [Word] = []
        while true {
            switch try lexer.next() {
            case .word(let word):
                words.append(word)
            case .semicolon:
                guard !words.isEmpty else {
                    throw lexer.failure("unexpected `;`", at: lexer.tokenPosition)
                }
                try add(Directive(words: words, block: nil), to: &found, lexer)
                words = []
            case .open:
                guard !words.isEmpty else {
                    throw lexer.failure(
                        "unexpected `{`",
                        at: lexer.tokenPosition,
                        hint: "a block starts with a name"
                    )
                }
                guard !Self.plain.contains(words[0].text) else {
                    throw lexer.failure(
                        "`\(words[0].text)` does not take a block",
                        at: lexer.tokenPosition,
                        hint: "quote a regular expression that contains braces"
                    )
                }
                guard depth < NginxLimits.maxDepth else {
                    throw lexer.failure(
                        "blocks are nested more than \(NginxLimits.maxDepth) deep",
                        at: lexer.tokenPosition
                    )
                }
                if words[0].text.hasSuffix("_by_lua_block") {
                    try lexer.skipForeignBlock()
                    try add(Directive(words: words, block: []), to: &found, lexer)
                } else {
                    blocks.append(words[0].text)
                    let inside = try block(&lexer, depth: depth + 1)
                    blocks.removeLast()
                    try add(Directive(words: words, block: inside), to: &found, lexer)
                }
                words = []
            case .close:
                if let word = words.first {
                    throw lexer.failure("`\(word.text)` is not terminated by `;`", at: word.position)
                }
                guard depth > 0 else {
                    throw lexer.failure("unexpected `}`: no block is open", at: lexer.tokenPosition)
                }
                return found
            case .end:
                if let word = words.first {
                    throw lexer.failure("`\(word.text)` is not terminated by `;`", at: word.position)
                }
                guard depth == 0 else {
                    throw lexer.failure("this block is not closed: its `}` is missing", at: start)
                }
                return found
            }
        }
    }

    private mutating func add(
        _ directive: Directive,
        to found: inout [Directive],
        _ lexer: NginxLexer
    ) throws(NginxError) {
        directives += 1
        guard directives <= NginxLimits.maxDirectives else {
            throw lexer.failure("more than \(NginxLimits.maxDirectives) directives", at: directive.position)
        }
        guard directive.name == "include", directive.block == nil else {
            found.append(directive)
            return
        }
        guard let pattern = directive.argument(0), directive.arguments.count == 1 else {
            throw lexer.failure("`include` takes one argument: a file", at: directive.position)
        }
        switch find(pattern) {
        case .unreadable(let reason):
            missing.append(Missing(include: directive, reason: reason, isEmpty: false, block: blocks.last))
            // The directive stays: what it stands for is not known. Types are only for files.
            if !pattern.hasSuffix("mime.types") { found.append(directive) }
        case .files(let included):
            if included.isEmpty {
                let reason = "no file matches it"
                missing.append(Missing(include: directive, reason: reason, isEmpty: true, block: blocks.last))
            }
            for file in included {
                guard !open.contains(file.name) else {
                    throw lexer.failure("`\(file.name)` includes itself", at: directive.position)
                }
                guard open.count <= NginxLimits.maxIncludeDepth, files < NginxLimits.maxFiles else {
                    throw lexer.failure("too many files are included", at: directive.position)
                }
                found += try parse(file.bytes, file: file.name)
            }
        }
    }
}
