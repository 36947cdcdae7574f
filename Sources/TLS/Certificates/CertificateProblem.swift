/// Why a certificate or its key cannot be used.
package struct CertificateProblem: Error, Hashable, Sendable {
    /// The file or folder.
    package var path: String
    /// Starts at 1; nil: the whole file.
    package var line: Int?
    /// What is wrong, after the path: `this file does not exist`.
    package var message: String
    /// What to do about it.
    package var hint: String?
    /// A certificate that was loaded before stays in force in place of this one.
    package var keepsOld: Bool
    /// There is no such file, or this user cannot read it: on another machine it may be there.
    package var isAbsence = false

    package init(
        path: String,
        line: Int? = nil,
        _ message: String,
        hint: String? = nil,
        keepsOld: Bool = false
    ) {
        self.path = path
        self.line = line
        self.message = message
        self.hint = hint
        self.keepsOld = keepsOld
    }
}

extension CertificateProblem {
    /// The same, of a file that cannot be read here.
    var absence: CertificateProblem {
        var problem = self
        problem.isAbsence = true
        return problem
    }
}

extension CertificateProblem: CustomStringConvertible {
    /// `/etc/berth/star.pem:23: …`
    package var description: String {
        path + (line.map { ":\($0)" } ?? "") + ": " + message
    }
}

/// Every problem of the certificates of a listener.
package struct CertificateFailure: Error, Sendable, CustomStringConvertible {
    /// Never empty.
    package let problems: [CertificateProblem]

    package init(problems: [CertificateProblem]) { self.problems = problems }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
