using Chancery.Server.Platform.OpenApi;

namespace Chancery.Server.Platform.Health;

/// <summary>One language model with one of its keys, as this process sees it.</summary>
/// <param name="Credential">The first letters of the key's SHA-256; <c>none</c> without a key.</param>
/// <param name="State">
/// <c>closed</c>: it is asked. <c>open</c>: it failed and is left alone. <c>half-open</c>: one call tries it. <c>refused</c>: the
/// provider did not take the key.
/// </param>
/// <param name="OpenForSeconds">Until it is asked again; left out while it is asked.</param>
internal sealed record ModelTarget(
    string Model,
    string Provider,
    string Credential,
    [property: OneOf("TargetState", "closed", "open", "half-open", "refused")] string State,
    double? OpenForSeconds
);

/// <summary>Tells the operator about language models, and forgets their failures; safe for concurrent use.</summary>
internal interface IModelHealth
{
    public IReadOnlyList<ModelTarget> Tell();
}
