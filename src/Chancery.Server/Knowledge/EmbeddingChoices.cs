using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace Chancery.Server.Knowledge;

/// <summary>What the settings say of embedding models beside the one of the installation.</summary>
internal static class EmbeddingChoices
{
    // Nano-dollars for a token, from dollars for a million.
    private const decimal NanosPerToken = 1000;

    /// <summary>
    /// The settings of one model each: those that the installation itself does not search with, and that organisations may. An endpoint's
    /// leave out the model in this process, and the other way round.
    /// </summary>
    public static IEnumerable<KnowledgeOptions> Others(KnowledgeOptions options)
    {
        foreach (var model in Split(options.EmbeddingModels).Where(model => model != options.EmbeddingModel))
        {
            yield return At(options, options.EmbeddingUrl, model, options.ReadEmbeddingKey());
        }

        foreach (var model in Split(options.OtherEmbeddingModels))
        {
            yield return At(options, options.OtherEmbeddingUrl, model, options.ReadOtherEmbeddingKey());
        }

        if (options.HasEmbeddings && !options.EmbeddingLocal.Equals("off", StringComparison.OrdinalIgnoreCase))
        {
            yield return new KnowledgeOptions
            {
                EmbeddingLocal = options.EmbeddingLocal,
                EmbeddingThreads = options.EmbeddingThreads,
            };
        }
    }

    /// <summary>By the model's id.</summary>
    public static IReadOnlyDictionary<string, long> NanoDollarsPerToken(KnowledgeOptions options) =>
        Split(options.EmbeddingPrices)
            .Select(ParsePrice)
            .OfType<(string Model, decimal Dollars)>()
            .ToDictionary(
                price => price.Model,
                price => (long)Math.Ceiling(price.Dollars * NanosPerToken),
                StringComparer.Ordinal
            );

    public static IEnumerable<ValidationResult> Check(KnowledgeOptions options)
    {
        if (Split(options.EmbeddingModels).Length > 0 && !options.HasEmbeddings)
        {
            yield return new ValidationResult("EMBEDDING_MODELS needs EMBEDDING_URL: the endpoint that has them.");
        }

        var hasOther = !string.IsNullOrWhiteSpace(options.OtherEmbeddingUrl);
        if (
            hasOther
            && (
                !Uri.TryCreate(options.OtherEmbeddingUrl, UriKind.Absolute, out var url)
                || url.Scheme is not ("http" or "https")
            )
        )
        {
            yield return new ValidationResult(
                "OTHER_EMBEDDING_URL must be an address that begins with http:// or https://."
            );
        }

        if (hasOther != Split(options.OtherEmbeddingModels).Length > 0)
        {
            yield return new ValidationResult("OTHER_EMBEDDING_URL and OTHER_EMBEDDING_MODELS need each other.");
        }

        if (options.OtherEmbeddingApiKeyFile is { Length: > 0 } file && !File.Exists(file))
        {
            yield return new ValidationResult("OTHER_EMBEDDING_API_KEY_FILE names a file that does not exist.");
        }

        string[] names =
        [
            .. Split(options.EmbeddingModels).Append(options.EmbeddingModel ?? "").Distinct(),
            .. Split(options.OtherEmbeddingModels),
        ];
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Length)
        {
            yield return new ValidationResult(
                "EMBEDDING_MODELS and OTHER_EMBEDDING_MODELS name a model twice: vectors are kept under that name, and two endpoints may make "
                    + "different ones."
            );
        }

        var prices = Split(options.EmbeddingPrices).Select(ParsePrice).ToArray();
        if (
            prices.Any(price => price is null)
            || prices.Select(price => price?.Model).Distinct(StringComparer.Ordinal).Count() != prices.Length
        )
        {
            yield return new ValidationResult(
                "EMBEDDING_PRICES takes dollars per million tokens by model, once each, with commas between them: id=0.02, other=0.13."
            );
        }
    }

    private static KnowledgeOptions At(KnowledgeOptions options, string? url, string model, string? key) =>
        new()
        {
            EmbeddingUrl = url,
            EmbeddingModel = model,
            EmbeddingApiKey = key,
            EmbeddingTimeoutSeconds = options.EmbeddingTimeoutSeconds,
        };

    private static (string Model, decimal Dollars)? ParsePrice(string text)
    {
        var at = text.LastIndexOf('=');
        return
            at > 0
            && decimal.TryParse(
                text.AsSpan(at + 1),
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture,
                out var dollars
            )
            && dollars is >= 0 and <= 1_000_000
            ? (text[..at].TrimEnd(), dollars)
            : null;
    }

    private static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
