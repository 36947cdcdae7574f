import Routing

/// `client_certificates` of a rule or a listener.
struct ClientCertificatesReader {
    let reader: NodeReader

    private static let keys = ["ca", "required", "names"]
    private static let maxNames = 100
    /// Bytes of a name: as many as a subject may have.
    private static let maxNameBytes = 2048
    private static let hint = "client_certificates: { ca: clients.pem }"

    /// - Returns: nil only with an error: a policy that cannot be read never stands for none.
    func policy(_ node: YAMLNode) -> ClientCertificates? {
        guard case .mapping = node.content else {
            reader.reportUnfit(node, "`client_certificates`", "a mapping", hint: Self.hint)
            return nil
        }
        guard reader.mapping(node, "`client_certificates`", known: Self.keys) != nil else { return nil }
        guard let ca = node["ca"] else {
            reader.report(
                .missingKey,
                node,
                "`client_certificates` has no `ca`",
                hint: "name the file with the CAs that issue the clients' certificates: \(Self.hint)"
            )
            return nil
        }
        let path = reader.path(ca, "`ca`")
        let isRequired = node["required"].map { reader.flag($0, "`required`") } ?? true
        let names = node["names"].map { self.names($0) } ?? []
        guard let path, let isRequired, let names else { return nil }
        return ClientCertificates(authorities: path, isRequired: isRequired, names: names)
    }

    /// Never an empty list, which would mean any name.
    private func names(_ node: YAMLNode) -> [String]? {
        let example = "alice.test.priv, 'CN=alice,O=Example'"
        guard let names = reader.texts(node, "`names`", example: example) else { return nil }
        let isValid = names.allSatisfy { name in
            !name.isEmpty && name.utf8.count <= Self.maxNameBytes && name != "*." && name != "*"
                && name.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        }
        guard isValid, !names.isEmpty, names.count <= Self.maxNames else {
            reader.report(
                .badValue,
                node,
                "`names` is not a list of 1 to \(Self.maxNames) names in printable ASCII",
                hint: "names of subjectAltName, or subjects: [\(example)]"
            )
            return nil
        }
        return names
    }
}
