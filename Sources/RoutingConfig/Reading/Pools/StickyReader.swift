import Balancing
import Bytes

/// Reads `sticky`: how the requests of one client stay with one endpoint.
package struct StickyReader {
    let reader: NodeReader

    /// What belongs to a cookie.
    private static let cookieKeys = ["max_age", "secure", "http_only", "same_site"]
    package static let keys = ["cookie", "header"] + cookieKeys + ["secret_file"]

    /// Of the secret, bytes.
    static let secretBytes = 16...4096

    /// Fields that have a meaning of their own.
    private static let reserved: Set<String> = [
        "connection", "content-length", "cookie", "date", "expect", "host", "keep-alive", "set-cookie", "te",
        "trailer", "transfer-encoding", "upgrade", "via",
    ]

    func sticky(_ node: YAMLNode) -> StickySettings? {
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`sticky`", "a mapping", hint: "write { cookie: berth }")
            return nil
        }
        guard let pairs = reader.mapping(node, "`sticky`", known: Self.keys) else { return nil }
        var settings: StickySettings?
        switch (node["cookie"], node["header"]) {
        case (let name?, nil):
            settings = cookie(name, node).map { StickySettings(.cookie($0)) }
        case (nil, let name?):
            for pair in pairs where Self.cookieKeys.contains(pair.key.text ?? "") {
                reader.report(
                    .conflictingKeys,
                    pair.key,
                    "`\(pair.key.text ?? "")` has no effect with `header`",
                    hint: "it belongs to `cookie`"
                )
            }
            settings = header(name).map { StickySettings(.header($0)) }
        case (_?, let header?):
            let hint = "remove one of the two"
            reader.report(.conflictingKeys, header, "`sticky` has either `cookie` or `header`", hint: hint)
        case (nil, nil):
            let message = "`sticky` has neither `cookie` nor `header`"
            reader.report(.missingKey, node, message, hint: "write { cookie: berth }")
        }
        if let file = node["secret_file"] {
            let secret = secret(file)
            settings?.secret = secret
        }
        return settings
    }

    private func cookie(_ node: YAMLNode, _ sticky: YAMLNode) -> StickySettings.Cookie? {
        guard let name = reader.text(node, "`sticky.cookie`") else { return nil }
        guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken) else {
            reader.report(.badValue, node, "`\(YAMLNode.shortened(name))` is not a valid cookie name")
            return nil
        }
        var cookie = StickySettings.Cookie(name: name)
        if let age = sticky["max_age"] { cookie.maxAge = reader.duration(age, "`sticky.max_age`") }
        if let flag = sticky["http_only"] {
            cookie.isHTTPOnly = reader.flag(flag, "`sticky.http_only`") ?? true
        }
        if let word = sticky["secure"] {
            cookie.secure = self.word(word, "`sticky.secure`", StickySettings.Secure.self) ?? .automatic
        }
        if let word = sticky["same_site"] {
            cookie.sameSite = self.word(word, "`sticky.same_site`", StickySettings.SameSite.self) ?? .lax
        }
        if cookie.secure == .never, let node = sticky["secure"] { checkSecure(cookie, node) }
        return cookie
    }

    /// Browsers ignore some cookies that are not sent over TLS alone.
    private func checkSecure(_ cookie: StickySettings.Cookie, _ node: YAMLNode) {
        let isPrefixed = cookie.name.hasPrefix("__Host-") || cookie.name.hasPrefix("__Secure-")
        guard isPrefixed || cookie.sameSite == .none else { return }
        reader.report(
            .conflictingKeys,
            node,
            isPrefixed
                ? "browsers ignore a cookie `\(cookie.name)` without `Secure`"
                : "browsers ignore a cookie with `same_site: none` without `Secure`",
            hint: "write `secure: true`, or `auto`"
        )
    }

    private func header(_ node: YAMLNode) -> String? {
        guard let name = reader.text(node, "`sticky.header`") else { return nil }
        let isReserved = Self.reserved.contains(name.lowercased())
        guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken), !isReserved else {
            let shown = YAMLNode.shortened(name)
            reader.report(
                .badValue,
                node,
                isReserved
                    ? "the field `\(shown)` has a meaning of its own"
                    : "`\(shown)` is not a valid header field name",
                hint: "write a name of your own, such as X-Session"
            )
            return nil
        }
        return name
    }

    private func word<Word: RawRepresentable & CaseIterable>(
        _ node: YAMLNode,
        _ key: String,
        _: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = reader.text(node, key) else { return nil }
        if let word = Word(rawValue: text.lowercased()) { return word }
        let words = Word.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        reader.report(.badValue, node, "\(key) must be one of \(words), not `\(YAMLNode.shortened(text))`")
        return nil
    }

    private func secret(_ node: YAMLNode) -> [UInt8]? {
        guard let path = reader.path(node, "`sticky.secret_file`") else { return nil }
        do throws(RuleFiles.Fault) {
            var bytes = try RuleFiles.read(path, limit: Self.secretBytes.upperBound)
            while let last = bytes.last, last == ASCII.lf || last == 0x0D { bytes.removeLast() }
            guard bytes.count >= Self.secretBytes.lowerBound else {
                throw RuleFiles.Fault(
                    code: .badValue,
                    message: "the secret in this file is shorter than \(Self.secretBytes.lowerBound) bytes",
                    hint: "make one: head -c 32 /dev/urandom | base64"
                )
            }
            return bytes
        } catch {
            reader.report(error.code, node, error.message, hint: error.hint)
            return nil
        }
    }
}
