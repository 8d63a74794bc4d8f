using System.Text.Json;
using System.Text.Json.Serialization;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;

namespace Chancery.Server.Inference.Registry;

/// <summary>The registry as JSON: the shipped <c>models.json</c>, and the file that the operator names in MODELS_FILE.</summary>
internal sealed record RegistryFile(IReadOnlyList<ModelProvider> Providers, IReadOnlyList<ModelChain> Chains)
{
    private const decimal NanoDollars = 1_000_000_000m;

    // A price beyond this is a slip: a million dollars for a million tokens.
    private const decimal HighestPrice = 1_000_000m;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>The providers that are known without being told.</summary>
    public static RegistryFile Shipped { get; } = ReadShipped();

    /// <exception cref="FormatException">It is no registry; the message says where and why.</exception>
    public static RegistryFile Read(Stream stream)
    {
        FileText? text;
        try
        {
            text = JsonSerializer.Deserialize<FileText>(stream, Json);
        }
        catch (JsonException exception)
        {
            throw new FormatException($"{exception.Path}: {exception.Message}", exception);
        }

        return new RegistryFile(
            [.. (text?.Providers ?? []).Select(ProviderOf)],
            [.. (text?.Chains ?? []).Select(ChainOf)]
        );
    }

    /// <summary>This and what <paramref name="other"/> adds or says anew.</summary>
    /// <exception cref="FormatException">What is said in one place goes with nothing that is said in another.</exception>
    public RegistryFile With(RegistryFile other)
    {
        var both = new RegistryFile(
            [
                .. Providers.Select(known =>
                    other.Providers.FirstOrDefault(named => named.Id == known.Id) is { } again
                        ? Merge(known, again)
                        : known
                ),
                .. other.Providers.Where(named => Providers.All(known => known.Id != named.Id)),
            ],
            [.. Chains.Where(known => other.Chains.All(named => named.Id != known.Id)), .. other.Chains]
        );
        foreach (var provider in both.Providers)
        {
            Check(provider);
        }

        return both;
    }

    private static ModelProvider Merge(ModelProvider known, ModelProvider again) =>
        again with
        {
            Name = again.Name == again.Id ? known.Name : again.Name,
            Protocol = again.IsProtocolStated ? again.Protocol : known.Protocol,
            ContextWindowTokens = again.IsWindowStated ? again.ContextWindowTokens : known.ContextWindowTokens,
            BaseAddress = again.BaseAddress ?? known.BaseAddress,
            KeySettings = again.KeySettings.Count > 0 ? again.KeySettings : known.KeySettings,
            AddressSetting = again.AddressSetting ?? known.AddressSetting,
            ModelsSetting = again.ModelsSetting ?? known.ModelsSetting,
            IsOwnMachine = again.IsOwnMachine || known.IsOwnMachine,
            Dialect = again.Dialect.Over(known.Dialect),
            Models =
            [
                .. known.Models.Where(model => again.Models.All(named => named.Name != model.Name)),
                .. again.Models,
            ],
        };

    private static void Check(ModelProvider provider)
    {
        foreach (
            var (place, dialect) in provider
                .Models.Select(model => ($"{provider.Id}/{model.Name}", model.Dialect))
                .Prepend(($"provider {provider.Id}", provider.Dialect))
        )
        {
            if (dialect.IsOfOpenAI && provider.Protocol is not ModelProtocol.OpenAI)
            {
                throw new FormatException(
                    $"{place}: stream_usage, output_limit and reasoning_back are for servers with the protocol openai, and this one has {JsonNamingPolicy.SnakeCaseLower.ConvertName(provider.Protocol.ToString())}"
                );
            }
        }

        foreach (var model in provider.Models)
        {
            if (model.Dialect.Over(provider.Dialect).DefaultOutputTokens > model.MostOutputTokens)
            {
                throw new FormatException($"{provider.Id}/{model.Name}: default_output is more than max_output");
            }
        }
    }

    private static ModelDialect DialectOf(string place, DialectText? text)
    {
        if (text is null)
        {
            return ModelDialect.Usual;
        }

        return new ModelDialect(
            text.StreamUsage,
            text.OutputLimit switch
            {
                null => null,
                "max_tokens" => false,
                "max_completion_tokens" => true,
                _ => throw new FormatException($"{place}: output_limit is max_tokens or max_completion_tokens"),
            },
            text.ReasoningBack,
            text.DefaultOutput is null or >= 1
                ? text.DefaultOutput
                : throw new FormatException($"{place}: default_output must be at least 1")
        );
    }

    private static ModelProvider ProviderOf(ProviderText text)
    {
        var id = Identifier(text.Id, "a provider");
        if (text.BaseAddress is { } address && !IsAddress(address))
        {
            throw new FormatException($"provider {id}: base_address must begin with http:// or https://");
        }

        return new ModelProvider(
            id,
            text.Name ?? id,
            text.Protocol ?? ModelProtocol.OpenAI,
            text.BaseAddress,
            text.KeySettings ?? (text.KeySetting is { } one ? [one] : []),
            text.AddressSetting,
            text.ModelsSetting,
            [.. (text.Models ?? []).Select(model => ModelOf(id, model))],
            Window(id, text.ContextWindow) ?? 4096,
            text.OwnMachine
        )
        {
            Dialect = DialectOf($"provider {id}", text.Dialect),
            IsProtocolStated = text.Protocol is not null,
            IsWindowStated = text.ContextWindow is not null,
        };
    }

    private static ProvidedModel ModelOf(string provider, ModelText text)
    {
        var name = string.IsNullOrWhiteSpace(text.Name)
            ? throw new FormatException($"provider {provider}: a model without a name")
            : text.Name;
        var place = $"{provider}/{name}";
        if (text.MaxOutput is < 1)
        {
            throw new FormatException($"{place}: max_output must be at least 1");
        }

        return new ProvidedModel(
            name,
            text.Label ?? name,
            Window(place, text.ContextWindow),
            text.MaxOutput,
            text.Abilities ?? ModelAbilities.Unknown,
            [.. (text.Prices ?? []).Select(price => PricesOf(place, price)).OrderBy(price => price.From)],
            text.Offered
        )
        {
            Dialect = DialectOf(place, text.Dialect),
        };
    }

    private static TokenPrices PricesOf(string place, PriceText text)
    {
        var input = Nano(place, text.Input);
        var write = text.CacheWrite is { } given ? Nano(place, given) : input;
        return new TokenPrices(
            text.From,
            input,
            text.CacheRead is { } read ? Nano(place, read) : input,
            write,
            text.CacheWriteHour is { } hour ? Nano(place, hour) : write,
            Nano(place, text.Output)
        );
    }

    private static long Nano(string place, decimal dollars) =>
        dollars is >= 0 and <= HighestPrice
            ? (long)decimal.Round(dollars * NanoDollars)
            : throw new FormatException($"{place}: a price is in dollars for a million tokens, 0 to {HighestPrice:0}");

    private static ModelChain ChainOf(ChainText text)
    {
        var id = Identifier(text.Id, "a chain");
        if (text.Models is not { Count: > 0 } models)
        {
            throw new FormatException($"chain {id}: names no model");
        }

        return new ModelChain(
            id,
            [
                .. models.Select(
                    (link, i) =>
                        new ChainLink(
                            link.Model ?? throw new FormatException($"chain {id}: an entry without a model"),
                            link.Priority ?? i,
                            link.Weight is >= 1 and <= 1000
                                ? link.Weight
                                : throw new FormatException($"chain {id}: a weight is from 1 to 1000")
                        )
                ),
            ],
            text.HedgeAfter switch
            {
                null => null,
                >= 0 and <= 3600 and var seconds => TimeSpan.FromSeconds(seconds),
                _ => throw new FormatException($"chain {id}: hedge_after is in seconds, 0 to 3600"),
            }
        );
    }

    private static string Identifier(string? id, string what) =>
        id is { Length: > 0 and <= 64 }
        && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.')
            ? id
            : throw new FormatException($"{what} needs an id of letters, digits, -, _ and ., at most 64 of them");

    private static int? Window(string place, int? tokens) =>
        tokens is null or >= ModelRegistry.LeastWindowTokens
            ? tokens
            : throw new FormatException($"{place}: context_window must be at least {ModelRegistry.LeastWindowTokens}");

    private static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);

    private static RegistryFile ReadShipped()
    {
        using var stream = typeof(RegistryFile).Assembly.GetManifestResourceStream("models.json")!;
        return Read(stream);
    }

    private sealed record FileText(IReadOnlyList<ProviderText>? Providers, IReadOnlyList<ChainText>? Chains);

    private sealed record ProviderText
    {
        public string? Id { get; init; }
        public string? Name { get; init; }
        public ModelProtocol? Protocol { get; init; }
        public string? BaseAddress { get; init; }
        public string? KeySetting { get; init; }
        public IReadOnlyList<string>? KeySettings { get; init; }
        public string? AddressSetting { get; init; }
        public string? ModelsSetting { get; init; }
        public int? ContextWindow { get; init; }
        public bool OwnMachine { get; init; }
        public DialectText? Dialect { get; init; }
        public IReadOnlyList<ModelText>? Models { get; init; }
    }

    private sealed record ModelText
    {
        public string? Name { get; init; }
        public string? Label { get; init; }
        public bool Offered { get; init; } = true;
        public int? ContextWindow { get; init; }
        public int? MaxOutput { get; init; }
        public ModelAbilities? Abilities { get; init; }
        public DialectText? Dialect { get; init; }
        public IReadOnlyList<PriceText>? Prices { get; init; }
    }

    private sealed record DialectText(bool? StreamUsage, string? OutputLimit, bool? ReasoningBack, int? DefaultOutput);

    private sealed record PriceText
    {
        public DateOnly From { get; init; }
        public required decimal Input { get; init; }
        public decimal? CacheRead { get; init; }
        public decimal? CacheWrite { get; init; }
        public decimal? CacheWriteHour { get; init; }
        public required decimal Output { get; init; }
    }

    private sealed record ChainText(string? Id, IReadOnlyList<LinkText>? Models, double? HedgeAfter);

    private sealed record LinkText
    {
        public string? Model { get; init; }
        public int? Priority { get; init; }
        public int Weight { get; init; } = 1;
    }
}
