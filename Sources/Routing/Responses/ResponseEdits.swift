/// What a rule changes in the responses to a request: frozen with the decision, and applied to each response.
public final class ResponseEdits: Sendable {
    /// Changes of fields for some statuses.
    package struct Fields: Sendable {
        /// In place of the response's fields of these names; with an empty value, none.
        package let set: [(name: [UInt8], value: [UInt8])]
        package let add: [(name: [UInt8], value: [UInt8])]
        /// In lower case.
        package let remove: [[UInt8]]
        package let statuses: StatusSet
        package let changesErrors: Bool

        init(
            _ plan: ResponsePlan.Fields,
            set: [(name: [UInt8], value: [UInt8])],
            add: [(name: [UInt8], value: [UInt8])]
        ) {
            self.set = set
            self.add = add
            remove = plan.remove
            statuses = plan.statuses
            changesErrors = plan.changesErrors
        }
    }

    /// In their order.
    package let fields: [Fields]
    let locations: [FrozenLocation]
    package let pages: [FrozenErrorPage]

    init(fields: [Fields], locations: [FrozenLocation], pages: [FrozenErrorPage]) {
        self.fields = fields
        self.locations = locations
        self.pages = pages
    }

    package var rewritesURLs: Bool { !locations.isEmpty }

    /// The URL in place of one that the endpoint sent; nil: it stays.
    ///
    /// - Parameters:
    ///   - endpoint: that sent the response.
    ///   - scratch: of the calling thread.
    package func location(
        inPlaceOf url: Span<UInt8>,
        from endpoint: Endpoint,
        scratch: RouteScratch
    ) -> [UInt8]? {
        for location in locations {
            switch location.apply(to: url, from: endpoint, scratch: scratch.match) {
            case .noMatch: continue
            case .unsafe: return nil
            case .replaced(let new): return new
            }
        }
        return nil
    }
}

extension ResponseEdits {
    /// What changes, for people: `set X-Frame-Options: DENY`, `rewrite http://web:8080/ to /`.
    package var lines: [String] {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        var lines: [String] = []
        for item in fields {
            var notes: [String] = []
            if !item.statuses.ranges.isEmpty { notes.append(item.statuses.description) }
            if item.changesErrors { notes.append("and errors") }
            let suffix = notes.isEmpty ? "" : " (\(notes.joined(separator: " ")))"
            for name in item.remove { lines.append("remove \(text(name))\(suffix)") }
            for field in item.set {
                let line =
                    field.value.isEmpty
                    ? "remove \(text(field.name))" : "set \(text(field.name)): \(text(field.value))"
                lines.append(line + suffix)
            }
            for field in item.add where !field.value.isEmpty {
                lines.append("add \(text(field.name)): \(text(field.value))\(suffix)")
            }
        }
        for location in locations {
            lines.append(location.to.map { "rewrite \(location.from) to \($0)" } ?? "rewrite own address")
        }
        lines += pages.map(\.description)
        return lines
    }
}
