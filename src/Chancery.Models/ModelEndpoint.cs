namespace Chancery.Models;

/// <summary>Where one model is reached, and how much it can read.</summary>
/// <param name="BaseAddress">
/// The root of an OpenAI-compatible interface including its version, such as <c>http://localhost:11434/v1</c>. With or
/// without a final slash.
/// </param>
/// <param name="Model">The model's id as that endpoint knows it.</param>
/// <param name="ApiKey">Sent as a bearer token; <see langword="null"/> or empty where the endpoint wants none.</param>
/// <param name="ContextWindowTokens">Prompt and answer together, in tokens.</param>
public sealed record ModelEndpoint(Uri BaseAddress, string Model, string? ApiKey, int ContextWindowTokens = 4096)
{
    /// <summary>Names the endpoint and the model, never the key.</summary>
    public override string ToString() => $"{Model} at {BaseAddress}";

    internal Uri Route(string path) => new($"{BaseAddress.AbsoluteUri.TrimEnd('/')}/{path}");
}
