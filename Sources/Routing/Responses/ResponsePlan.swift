import Bytes

/// The compiled `response_headers`, `rewrite_location` and `error_pages` of a rule. A class, so that a copy is one reference.
final class ResponsePlan: Sendable {
    /// One item of `response_headers`.
    struct Fields: Sendable {
        let set: HeaderPlan
        let add: HeaderPlan
        /// In lower case.
        let remove: [[UInt8]]
        let statuses: StatusSet
        let changesErrors: Bool
    }

    private let fields: [Fields]
    let locations: [LocationPlan]
    private let pages: [ErrorPagePlan]
    /// The same for every request: nothing is filled in.
    private let fixed: ResponseEdits?

    init(fields: [Fields], locations: [LocationPlan], pages: [ErrorPagePlan]) {
        self.fields = fields
        self.locations = locations
        self.pages = pages
        guard locations.isEmpty, pages.allSatisfy({ $0.fixed != nil }),
            fields.allSatisfy({ $0.set.fixedFields != nil && $0.add.fixedFields != nil })
        else {
            fixed = nil
            return
        }
        fixed = ResponseEdits(
            fields: fields.map {
                ResponseEdits.Fields($0, set: $0.set.fixedFields ?? [], add: $0.add.fixedFields ?? [])
            },
            locations: [],
            pages: pages.compactMap(\.fixed)
        )
    }

    /// How targets of pages are connected to.
    var upstreamTLS: [UpstreamTLS] { pages.compactMap(\.tls) }

    var dependsOnHostAlone: Bool {
        fields.allSatisfy { $0.set.dependsOnHostAlone && $0.add.dependsOnHostAlone }
            && locations.allSatisfy(\.dependsOnHostAlone) && pages.allSatisfy(\.dependsOnHostAlone)
    }

    /// What changes in the responses to one request.
    ///
    /// - Parameter forwarding: where the request goes; nil: the rule itself responds.
    func edits(
        _ key: borrowing RouteKey,
        _ captured: borrowing RuleCaptures,
        _ forwarding: OwnAddress?
    ) throws(Refusal.Reason) -> ResponseEdits {
        if let fixed { return fixed }
        var filled: [ResponseEdits.Fields] = []
        for item in fields {
            filled.append(
                ResponseEdits.Fields(
                    item,
                    set: try item.set.fields(key, captured),
                    add: try item.add.fields(key, captured)
                )
            )
        }
        return ResponseEdits(
            fields: filled,
            locations: locations.compactMap { $0.frozen(key, captured, forwarding) },
            pages: pages.compactMap { $0.frozen(key, captured) }
        )
    }
}
