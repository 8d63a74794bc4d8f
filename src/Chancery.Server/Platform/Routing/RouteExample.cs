namespace Chancery.Server.Platform.Routing;

/// <summary>
/// A call of a route that works, carried by the route itself: shown in OpenAPI, and the start of every attack of the
/// isolation suite, which first proves that the example succeeds for its owner and then swaps one thing at a time.
/// </summary>
/// <remarks>
/// <c>{document}</c>-like words in <see cref="Path"/> values, <see cref="Query"/> and <see cref="Body"/> stand for
/// things of the calling tenant: <c>document</c>, <c>deferred</c> (a document that waits for processing),
/// <c>deleted</c>, <c>failed</c>, <c>fetched</c> (one from an address), <c>collection</c>, <c>conversation</c>,
/// <c>share</c>, <c>invitation</c>, <c>member</c>,
/// <c>key</c>, <c>client</c> (of OAuth), <c>group</c>, <c>staffed_group</c> with <c>grouped</c> in it, <c>account</c> (a service account), <c>session</c>, <c>query</c> (a logged search),
/// <c>contract</c>, <c>commented_contract</c> with <c>contract_comment</c> in it, <c>revised_contract</c> (at revision 2),
/// <c>proposed_contract</c> with <c>proposal</c> in it, <c>deleted_contract</c>, <c>contract_operation</c> (one that has ended),
/// <c>playbook</c>, <c>library_clause</c>, <c>prompt</c>, <c>versioned_prompt</c> (with version 2), <c>labelled_prompt</c> (with the label staging),
/// <c>rolling_prompt</c> (version 2 is rolled out), <c>used_prompt</c> with <c>prompt_run</c> of it, <c>eval_dataset</c> with
/// <c>eval_question</c> in it, <c>eval_run</c> and <c>red_team_run</c> (that have ended), <c>upgrade</c>, <c>shared_answer</c>, <c>tenant</c>, <c>email</c>, <c>password</c>, <c>refresh</c>,
/// <c>passkey</c> (of the caller), <c>passkey_challenge</c> and <c>passkey_answer</c> (a new one), <c>passkey_login_challenge</c> and
/// <c>passkey_login</c> (a sign-in of somebody else), <c>totp_code</c> (the first one), <c>recovery_code</c> (of the caller),
/// <c>challenge</c> (somebody's half-finished sign-in) and <c>step_code</c> (that finishes it),
/// <c>unique</c> (a fresh word).
/// </remarks>
public sealed record RouteExample
{
    /// <summary>Route parameter → the kind of thing whose id stands there, or a literal ("1").</summary>
    public IReadOnlyDictionary<string, string> Path { get; init; } = new Dictionary<string, string>();

    /// <summary>The query string without "?", for example <c>tag=canary&amp;limit=5</c>.</summary>
    public string Query { get; init; } = "";

    /// <summary>The JSON body, or <c>null</c> when the route takes none.</summary>
    public string? Body { get; init; }

    /// <summary>The text of the uploaded file, for routes that take multipart form data.</summary>
    public string? File { get; init; }

    /// <summary>Whether the answer holds the tenant's own content, so that the suite can look for its canary.</summary>
    public bool ShowsContent { get; init; }

    /// <summary>Whether anyone may call the route, without a credential.</summary>
    public bool Anonymous { get; init; }
}

/// <summary>Gives routes their examples.</summary>
public static class RouteExampleExtensions
{
    /// <summary>Every route under <c>/api</c> and <c>/v1</c> has one; a test fails on one that has none.</summary>
    public static TBuilder WithExample<TBuilder>(this TBuilder route, RouteExample example)
        where TBuilder : IEndpointConventionBuilder => route.WithMetadata(example);
}
