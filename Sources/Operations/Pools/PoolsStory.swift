import Balancing
import Bytes

/// What has happened at the endpoints of targets, and what happens next, in sentences.
package enum PoolsStory {
    package static func text(_ report: PoolsReport) -> String {
        report.targets.map { story(of: $0).joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private static func story(of target: PoolsReport.Target) -> [String] {
        var lines = ["\(Printable.text(target.name)): \(origin(target))", next(target)]
        if let places = target.places { lines.append(self.places(places)) }
        for member in target.members {
            let scheme = member.scheme.map { " over \(Printable.text($0))" } ?? ""
            lines += [
                "", "\(member.endpoint)\(scheme)\(member.identity.map { " (\(Printable.text($0)))" } ?? "")",
            ]
            lines += sentences(member).map { "  " + $0 }
            lines += member.transitions.reversed().map { "  " + transition($0) }
        }
        return lines
    }

    private static func origin(_ target: PoolsReport.Target) -> String {
        let settings =
            target.pool.map { "the pool '\(Printable.text($0))' of the rule file" }
            ?? "no pool of the rule file"
        let source = target.source.map { "; its endpoints come from \(Printable.text($0))" } ?? ""
        return "\(settings), \(target.method)\(source)."
    }

    private static func next(_ target: PoolsReport.Target) -> String {
        if let failure = target.next.failure { return "The next request gets an error response: \(failure)." }
        if target.next.byKey { return "A key of each request decides where it goes." }
        guard target.inUse else { return "No request has come lately." }
        switch target.next.endpoints.count {
        case 0: return "No endpoint can be picked."
        case 1: return "The next request goes to \(target.next.endpoints[0])."
        default:
            return "The next request goes to one of \(target.next.endpoints.joined(separator: ", ")): "
                + "each event loop has turns of its own."
        }
    }

    private static func places(_ places: PoolsReport.Places) -> String {
        let limit = places.maxRequests.map { " of at most \($0)" } ?? ""
        let queue = places.queue.map { ", and \(places.waiting) of at most \($0) wait for a place" } ?? ""
        let requests = places.requests == 1 ? "1 request" : "\(places.requests) requests"
        return "It has \(requests) in flight\(limit)\(queue)."
    }

    private static func sentences(_ member: PoolsReport.Member) -> [String] {
        var sentences = [state(member)]
        let limit = member.maxConns.map { " of at most \($0)" } ?? ""
        let requests = member.requests == 1 ? "1 request" : "\(member.requests) requests"
        sentences.append("It has \(requests) in flight\(limit).")
        if member.share < 1 {
            let percent = max(1, Int(member.share * 100))
            sentences.append("Its share grows: \(percent) % of weight \(member.weight) count now.")
        }
        if let check = member.check { sentences.append(self.check(check)) }
        if let health = member.publishedHealth {
            sentences.append(
                "The tier there checks it, and has published that it is \(Printable.text(health))."
            )
        }
        return sentences
    }

    private static func state(_ member: PoolsReport.Member) -> String {
        let who =
            member.setByOperator
            ? "an operator" : member.setBySource == true ? "the name source" : "the settings"
        switch member.state {
        case .up:
            return member.setByOperator ? "It is up (an operator), against the settings." : "It is up."
        case .drain: return "It drains (\(who)): it gets only requests that are bound to it."
        case .down where member.cause == HealthTransition.Cause.administrative.rawValue:
            return "It is down (\(who)): it gets no request until that changes."
        case .down where member.cause == HealthTransition.Cause.published.rawValue:
            return "It is down: \(words(member.cause)). It is up again when that tier's checks succeed."
        case .down:
            return "It is down: \(words(member.cause)). It is up again after checks that succeed."
        case .avoided:
            let time = member.triedIn.map { " in \(PoolsTable.seconds($0))" } ?? ""
            return "It is avoided: \(words(member.cause)). It is tried again\(time)."
        case .probing:
            return "It is avoided: \(words(member.cause)). A probe or a trial is under way or due."
        }
    }

    private static func check(_ check: PoolsReport.Check) -> String {
        let agreed =
            check.isUp
            ? "Checks find it up; \(check.fall) failures in a row make it down"
            : "Checks have not found it up; \(check.rise) successes in a row make it up"
        let so = check.contradictions == 0 ? "" : " (\(check.contradictions) so far)"
        let next =
            check.paused
            ? "It is not checked now, because no request has come lately."
            : check.dueIn.map { "The next check is in \(PoolsTable.seconds($0))." } ?? "A check is under way."
        return "\(agreed)\(so). \(next)"
    }

    private static func transition(_ transition: PoolsReport.Transition) -> String {
        var text =
            "\(NameListing.span(Int64(transition.age))) ago: from \(transition.from) to \(transition.to)"
        text += ", because \(words(transition.cause))"
        if !transition.detail.isEmpty { text += " (\(Printable.text(transition.detail)))" }
        if !transition.evidence.isEmpty { text += ", as \(Printable.text(transition.evidence)) shows" }
        return text
    }

    private static func words(_ cause: String?) -> String {
        guard let cause else { return "for a reason that is not known" }
        return switch HealthTransition.Cause(rawValue: cause) {
        case .connectFailed: "a connection could not be made"
        case .connectSlow: "a connection was pending for too long"
        case .connected: "a connection was made"
        case .requestsFailed: "requests failed (max_fails)"
        case .requestServed: "the trial was served"
        case .unchecked: "checks have not shown yet that it is up"
        case .checksFailed: "checks failed"
        case .checksSucceeded: "checks succeeded"
        case .administrative: "an operator or the settings changed it"
        case .published: "the tier there has published that its checks failed"
        case nil: Printable.text(cause)
        }
    }
}
