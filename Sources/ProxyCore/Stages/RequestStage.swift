/// What happens to a request before it is sent on, in this order, for live traffic and for the dry run alike.
///
/// `RequestStages` walks them. A new stage gets its case here and its line there, and both see it.
package enum RequestStage: CaseIterable, Sendable {
    /// What no rule decides: loops, and methods that Berth does not pass on.
    case admit
    /// The host is read, and the rules decide about the request.
    case decide
    /// Whether the client may send this request: its certificate. Comes before anything that costs the tier something.
    case access
    /// The size of the body. Rates and counts belong here.
    case limits
    /// The content of the request. Nothing yet; comes last of all that may refuse without a look at the target.
    case inspection
    /// The target's name becomes endpoints. May wait for a name source.
    case resolve
    /// One of the endpoints is chosen.
    case pick
    /// The request goes to the endpoint: over an idle connection, or over a new one.
    case connect
}
