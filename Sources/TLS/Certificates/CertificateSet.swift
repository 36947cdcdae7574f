import ServerNames
import Settings

/// The certificates that are in force at one time: immutable.
struct CertificateSet: Sendable {
    struct Entry: Sendable {
        /// The files as they were when this certificate was read.
        let item: CertificateStates.Item
        let certificate: Certificate
    }

    /// The maximum number of certificates of one listener.
    static let maxCertificates = 100_000

    private(set) var entries: [Entry] = []
    /// For clients that send no name, or one that no certificate has.
    private(set) var fallback: OfferedCertificates?
    /// Of all files, also of those that could not be used.
    private(set) var states: CertificateStates
    private(set) var problems: [CertificateProblem] = []
    private(set) var names = CertificateNameTable<OfferedCertificates>()

    private init(states: CertificateStates) { self.states = states }

    func choice(for name: ServerName?) -> OfferedCertificates? {
        name.flatMap { names.value(for: $0) } ?? fallback
    }

    /// Reads what is not in `before`, or has changed since.
    ///
    /// - Parameter before: what stays in force where a file cannot be used.
    /// - Returns: what can be used, and every problem.
    static func read(
        _ settings: CertificateSettings,
        before: CertificateSet?,
        now: Int
    ) -> (set: CertificateSet, problems: [CertificateProblem]) {
        let states = CertificateStates(settings)
        var set = CertificateSet(states: states)
        var reader = CertificateReader()
        var problems: [CertificateProblem] = []
        var old = Dictionary(
            (before?.entries ?? []).map { ($0.item.files.certificate, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        for item in states.items.prefix(maxCertificates) {
            let known = old.removeValue(forKey: item.files.certificate)
            do throws(CertificateProblem) {
                set.entries.append(try entry(item, known, &reader, now: now))
            } catch {
                var problem = error
                if let known {
                    problem.keepsOld = true
                    set.entries.append(known)
                }
                problems.append(problem)
            }
        }
        problems += set.keepLost(of: states, old)
        if states.items.count > maxCertificates {
            let message = "there are more than \(maxCertificates) certificates"
            let path = states.items[maxCertificates].files.certificate
            problems.append(CertificateProblem(path: path, message))
        }
        for entry in set.entries {
            for name in entry.certificate.names { set.add(entry.certificate, for: name) }
        }
        if let problem = set.findDefault(settings, before) { problems.append(problem) }
        set.problems = problems
        return (set, problems)
    }

    private mutating func add(_ certificate: Certificate, for name: CertificateName) {
        guard var known = names.add(name, OfferedCertificates(certificate)) else { return }
        known.add(certificate)
        if known.alternative === certificate { names[name] = known }
    }

    private static func entry(
        _ item: CertificateStates.Item,
        _ known: Entry?,
        _ reader: inout CertificateReader,
        now: Int
    ) throws(CertificateProblem) -> Entry {
        guard let known, known.item == item else {
            return Entry(item: item, certificate: try reader.read(item.files, now: now))
        }
        guard known.certificate.notAfter >= now else {
            throw CertificateProblem(
                path: item.files.certificate,
                "expired on \(CertificateTime.text(known.certificate.notAfter))",
                hint: "renew the certificate; is the clock of this machine right?"
            )
        }
        return known
    }

    /// Keeps certificates of folders that have become unreadable or empty, and of keys whose certificate is missing.
    ///
    /// - Parameter old: those whose files are not listed any more.
    private mutating func keepLost(
        of states: CertificateStates,
        _ old: [String: Entry]
    ) -> [CertificateProblem] {
        var problems: [CertificateProblem] = []
        for (path, folder) in states.folders.sorted(by: { $0.key < $1.key }) where !folder.problems.isEmpty {
            let lost = old.values.filter { entry in
                guard entry.item.folder == path else { return false }
                return folder.pairs.isEmpty || folder.loneKeys.contains(entry.item.files.key)
            }
            entries += lost.sorted { $0.item.files.certificate < $1.item.files.certificate }
            for problem in folder.problems {
                var problem = problem
                problem.keepsOld = lost.contains { folder.pairs.isEmpty || $0.item.files.key == problem.path }
                problems.append(problem)
            }
        }
        return problems
    }

    private mutating func findDefault(
        _ settings: CertificateSettings,
        _ before: CertificateSet?
    ) -> CertificateProblem? {
        guard let text = settings.defaultName else { return nil }
        if let name = CertificateName(text), let found = names[name] {
            fallback = found
        } else if let name = ServerName(text), let found = names.value(for: name) {
            fallback = found
        } else {
            fallback = before?.fallback
            return CertificateProblem(
                path: "default: \(text)",
                "no certificate has this name",
                hint: "write a name of one of the certificates; `berth certs` shows them",
                keepsOld: fallback != nil
            )
        }
        return nil
    }
}
