using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Chancery.Models;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Inference.Registry;

/// <summary>A model that takes something before it can answer.</summary>
/// <param name="Endpoint">Without a key; null where only the operator knows the address.</param>
public sealed record OfferedModel(string Id, string Name, ModelProvider Preset, ModelEndpoint? Endpoint)
{
    public ProvidedModel Known { get; init; } = ProvidedModel.Unknown(Id);
}

/// <summary>
/// The models that this installation answers with: the shipped list, the operator's MODELS_FILE, and the settings that give keys
/// and addresses. Read once, at the start. Never empty: the extractive one is built in.
/// </summary>
public sealed class ModelRegistry
{
    internal const int LeastWindowTokens = 1024;

    private readonly List<ChatModel> _models = [];
    private readonly List<OfferedModel> _others = [];
    private readonly List<ModelChain> _chains = [];

    /// <exception cref="SettingException">An address, a window, the file or the default cannot be used.</exception>
    public ModelRegistry(IConfiguration configuration)
    {
        var file = Load(configuration);
        Providers = file.Providers;
        AddConfigured(configuration);
        foreach (var provider in Providers)
        {
            AddProvider(provider, configuration);
        }

        _models.Add(ChatModel.Extractive);
        Default = DefaultOf(configuration["DEFAULT_LLM_MODEL"]);
        foreach (var chain in file.Chains)
        {
            AddChain(chain);
        }
    }

    /// <summary>Whoever is known to serve models, in the order in which theirs become the default.</summary>
    public IReadOnlyList<ModelProvider> Providers { get; }

    /// <summary>In the order of the settings; the extractive answerer last.</summary>
    public IReadOnlyList<ChatModel> Models => _models;

    /// <summary>Models of known providers that the operator gave no key or address for.</summary>
    public IReadOnlyList<OfferedModel> Others => _others;

    /// <summary>Those of MODELS_FILE.</summary>
    public IReadOnlyList<ModelChain> Chains => _chains;

    /// <summary>DEFAULT_LLM_MODEL, else the first.</summary>
    public ChatModel Default { get; }

    public bool TryFind(string id, [NotNullWhen(true)] out ChatModel? model)
    {
        model = _models.Find(candidate => string.Equals(candidate.Id, id, StringComparison.OrdinalIgnoreCase));
        return model is not null;
    }

    public bool TryFindChain(string id, [NotNullWhen(true)] out ModelChain? chain)
    {
        chain = _chains.Find(candidate => string.Equals(candidate.Id, id, StringComparison.OrdinalIgnoreCase));
        return chain is not null;
    }

    public ModelProvider? FindProvider(string id) => Providers.FirstOrDefault(provider => provider.Id == id);

    /// <summary>
    /// What is asked one after the other when a request names nothing: the chain called <c>default</c>, else the default model and
    /// then all others, in the order of the settings. The extractive answerer is in none.
    /// </summary>
    public IReadOnlyList<ChatModel> DefaultChain(Random random) =>
        TryFindChain(ModelChain.DefaultId, out var chain)
            ? Resolve(chain, random)
            : [.. _models.Where(model => model == Default && !model.IsExtractive), .. _models.Where(IsOther)];

    /// <summary>The models of a chain in the order of this request: by priority, and by weight among equals.</summary>
    public IReadOnlyList<ChatModel> Resolve(ModelChain chain, Random random)
    {
        ArgumentNullException.ThrowIfNull(chain);
        ArgumentNullException.ThrowIfNull(random);
        return
        [
            .. chain
                .Links.OrderBy(link => link.Priority)
                // A weighted draw without replacement (Efraimidis and Spirakis, 2006).
                .ThenByDescending(link => Math.Pow(random.NextDouble(), 1.0 / link.Weight))
                .Select(link => _models.Find(model => Is(model, link.Model)))
                .OfType<ChatModel>()
                .Select(model => chain.HedgeAfter is { } after ? model with { HedgeAfter = after } : model),
        ];
    }

    /// <summary>All ids, for a message.</summary>
    public string Names() => string.Join(", ", _models.Select(model => model.Id));

    private bool IsOther(ChatModel model) => model != Default && !model.IsExtractive;

    private static bool Is(ChatModel model, string id) =>
        string.Equals(model.Id, id, StringComparison.OrdinalIgnoreCase);

    private static RegistryFile Load(IConfiguration configuration)
    {
        const string setting = "MODELS_FILE";
        if (configuration[setting] is not { Length: > 0 } path)
        {
            return RegistryFile.Shipped;
        }

        try
        {
            using var stream = File.OpenRead(path);
            return RegistryFile.Shipped.With(RegistryFile.Read(stream));
        }
        catch (FormatException exception)
        {
            throw new SettingException(setting, exception.Message);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingException(setting, "the file cannot be read");
        }
    }

    private void AddChain(ModelChain chain)
    {
        if (TryFind(chain.Id, out _))
        {
            throw new SettingException("MODELS_FILE", $"the chain {chain.Id} is called like a model");
        }

        foreach (var link in chain.Links)
        {
            if (_models.Any(model => Is(model, link.Model) && !model.IsExtractive))
            {
                continue;
            }

            // Known, but nobody gave its key: the chain goes without it.
            if (!_others.Any(other => string.Equals(other.Id, link.Model, StringComparison.OrdinalIgnoreCase)))
            {
                throw new SettingException("MODELS_FILE", $"chain {chain.Id}: there is no model {link.Model}");
            }
        }

        _chains.Add(chain);
    }

    private void AddConfigured(IConfiguration configuration)
    {
        var address = Read(configuration, "MODEL_URL");
        var name = Read(configuration, "MODEL_NAME");
        if (address is null && name is null)
        {
            return;
        }

        if (address is null || name is null)
        {
            throw new SettingException(
                address is null ? "MODEL_URL" : "MODEL_NAME",
                "MODEL_URL and MODEL_NAME go together"
            );
        }

        var window = Window(Read(configuration, "MODEL_CONTEXT_WINDOW"), "MODEL_CONTEXT_WINDOW", 4096);
        var endpoint = Endpoint("MODEL_URL", address, name, Read(configuration, "MODEL_API_KEY"), window) with
        {
            Protocol = ProtocolOf(Read(configuration, "MODEL_PROTOCOL")),
        };
        Add(
            new ChatModel(name, name, endpoint)
            {
                Prices = Read(configuration, "MODEL_PRICES") is { } prices
                    ? [PricesOf("MODEL_PRICES", prices)]
                    : FreeWhereOwn(endpoint.BaseAddress),
            }
        );
    }

    private void AddProvider(ModelProvider provider, IConfiguration configuration)
    {
        var keys = provider.KeySettings.Select(name => Read(configuration, name)).OfType<string>().ToList();
        var given = provider.AddressSetting is { } setting ? Read(configuration, setting) : null;
        var address = given ?? provider.BaseAddress;
        if (provider.BaseAddress is null && address is not null)
        {
            address = WithVersion(address);
        }

        var isOn = provider.KeySettings.Count > 0 ? keys.Count > 0 : address is not null;
        var named = given is not null ? provider.AddressSetting! : provider.Setting ?? "MODELS_FILE";
        foreach (var model in ModelsOf(provider, configuration))
        {
            var id = $"{provider.Id}/{model.Name}";
            var label = $"{model.Label} ({provider.Name})";
            var window = model.ContextWindowTokens ?? provider.ContextWindowTokens;
            var dialect = model.Dialect.Over(provider.Dialect);
            var endpoint = address is null
                ? null
                : dialect.On(
                    Endpoint(named, address, model.Name, keys.FirstOrDefault(), window) with
                    {
                        Protocol = provider.Protocol,
                    }
                );
            if (!isOn)
            {
                _others.Add(new OfferedModel(id, label, provider, endpoint) { Known = model });
                continue;
            }

            Add(
                new ChatModel(id, label, endpoint, provider.Id)
                {
                    Abilities = model.Abilities,
                    StatedMostOutput = model.MostOutputTokens,
                    DefaultOutputTokens = dialect.DefaultOutputTokens,
                    OtherKeys = [.. keys.Skip(1)],
                    Prices =
                        model.Prices.Count > 0 ? model.Prices
                        : provider.IsOwnMachine ? [Free]
                        : FreeWhereOwn(endpoint!.BaseAddress),
                }
            );
        }
    }

    private static TokenPrices Free { get; } = new(DateOnly.MinValue, 0, 0, 0, 0, 0);

    /// <summary>A model on this machine costs nothing for a token.</summary>
    private static IReadOnlyList<TokenPrices> FreeWhereOwn(Uri address) =>
        address.IsLoopback || (IPAddress.TryParse(address.Host, out var host) && IPAddress.IsLoopback(host))
            ? [Free]
            : [];

    private static IReadOnlyList<ProvidedModel> ModelsOf(ModelProvider provider, IConfiguration configuration) =>
        provider.ModelsSetting is { } setting && Read(configuration, setting) is { } others
            ?
            [
                .. others
                    .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(name =>
                        provider.Models.FirstOrDefault(model => model.Name == name) ?? ProvidedModel.Unknown(name)
                    ),
            ]
            : [.. provider.Models.Where(model => model.IsOffered)];

    private void Add(ChatModel model)
    {
        if (model.Id == ChatModel.ExtractiveId || TryFind(model.Id, out _))
        {
            throw new SettingException("MODEL_NAME", $"the name {model.Id} is taken");
        }

        _models.Add(model);
    }

    private ChatModel DefaultOf(string? id)
    {
        if (string.IsNullOrWhiteSpace(id))
        {
            return _models[0];
        }

        return TryFind(id.Trim(), out var model)
            ? model
            : throw new SettingException("DEFAULT_LLM_MODEL", $"there is no such model; there is {Names()}");
    }

    private static ModelEndpoint Endpoint(string setting, string address, string model, string? key, int window) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? new ModelEndpoint(uri, model, key, window)
            : throw new SettingException(setting, "must be an address that begins with http:// or https://");

    private static ModelProtocol ProtocolOf(string? text) =>
        text?.ToUpperInvariant() switch
        {
            null or "OPENAI" => ModelProtocol.OpenAI,
            "ANTHROPIC" => ModelProtocol.Anthropic,
            "GEMINI" => ModelProtocol.Gemini,
            _ => throw new SettingException("MODEL_PROTOCOL", "takes openai, anthropic or gemini"),
        };

    /// <summary>Dollars for a million tokens, in and out: <c>0.4,1.6</c>; one number counts for both.</summary>
    private static TokenPrices PricesOf(string setting, string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        var prices = new long[2];
        for (var i = 0; i < 2; i++)
        {
            prices[i] =
                parts.Length is 1 or 2
                && decimal.TryParse(
                    parts[Math.Min(i, parts.Length - 1)],
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out var dollars
                )
                && dollars is >= 0 and <= 1_000_000
                    ? (long)(dollars * 1_000_000_000m)
                    : throw new SettingException(setting, "takes dollars for a million tokens, in and out: 0.4,1.6");
        }

        return new TokenPrices(DateOnly.MinValue, prices[0], prices[0], prices[0], prices[0], prices[1]);
    }

    /// <summary>Ollama's own address is without the version of its OpenAI-compatible interface.</summary>
    private static string WithVersion(string address)
    {
        var trimmed = address.TrimEnd('/');
        return trimmed.EndsWith("/v1", StringComparison.Ordinal) ? trimmed : trimmed + "/v1";
    }

    private static int Window(string? text, string setting, int fallback)
    {
        if (text is null)
        {
            return fallback;
        }

        return
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var tokens)
            && tokens >= LeastWindowTokens
            ? tokens
            : throw new SettingException(setting, $"must be a number of tokens, at least {LeastWindowTokens}");
    }

    /// <summary>NAME_FILE, the way that container platforms hand secrets over, else NAME.</summary>
    private static string? Read(IConfiguration configuration, string name)
    {
        var value = configuration[name];
        if (configuration[$"{name}_FILE"] is { Length: > 0 } file)
        {
            try
            {
                value = File.ReadAllText(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new SettingException($"{name}_FILE", "the file cannot be read");
            }
        }

        return string.IsNullOrWhiteSpace(value) ? null : value.Trim();
    }
}
