import Bytes
package import HTTP1

/// What changes in a response head on its way to the client: which fields pass on, and whether Berth adds `Date`.
/// How a version of HTTP spells the result is the job of a writer (`HTTP1ResponseHeadWriter`).
package struct ResponseHeadEdits {
    private let keepsUpgrade: Bool
    private let kept: KeptFields
    /// The response is a failure of another tier.
    private let passesStatus: Bool
    /// Of the rule; nil: none.
    private let changes: ResponseChanges?
    /// A final response without `Date` gets one (RFC 9110 §6.6.1). Final once `passes` was called for each field.
    package private(set) var addsDate: Bool
    /// `Upgrade` passes, which `Connection` must then name (RFC 9110 §7.8). Final as `addsDate` is.
    package private(set) var passesUpgrade = false

    /// - Parameters:
    ///   - kept: claimed fields that pass.
    ///   - changes: of the rule; nil: none.
    package init(
        _ head: borrowing ResponseHead,
        _ bytes: Span<UInt8>,
        kept: KeptFields = KeptFields(),
        changes: ResponseChanges? = nil
    ) {
        self.changes = changes
        passesStatus = kept.statusOfTiers && head.status >= 400 && Self.isOfTier(head, bytes)
        keepsUpgrade = head.isUpgrade || head.status == 426
        addsDate = head.status >= 200
        self.kept = kept
    }

    /// Whether the response is one that Berth itself writes (`LocalResponse`).
    private static func isOfTier(_ head: borrowing ResponseHead, _ bytes: Span<UInt8>) -> Bool {
        guard let field = head.first(.server) else { return false }
        return bytes.extracting(field.value.indices).equals(serverName.span)
    }

    private static let serverName = Array("berth".utf8)

    /// Whether the field passes on.
    ///
    /// Hop-by-hop fields do not (RFC 9110 §7.6.1), but for `Upgrade` in a response that switches protocols or demands
    /// it (RFC 9110 §15.5.22). Nor do fields that command a proxy (`ClaimedField`), or state what one did
    /// (`Proxy-Status`): whoever believes them believes the container.
    package mutating func passes(_ field: Field, _ bytes: Span<UInt8>) -> Bool {
        if field.hopByHop {
            guard keepsUpgrade, field.id == .upgrade else { return false }
            passesUpgrade = true
            return true
        }
        switch field.id {
        case .date:
            addsDate = false
        case .proxyStatus:
            return passesStatus || kept.contains(bytes.extracting(field.name.indices))
        case .other:
            let name = bytes.extracting(field.name.indices)
            switch ClaimedField.of(name) {
            case .directive: return kept.contains(name)
            case .signal: return false
            case .claim, .identity, nil: break
            }
        default:
            break
        }
        guard let changes else { return true }
        return !changes.removes(bytes.extracting(field.name.indices))
    }
}
