using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Chancery.Models;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Answers.Models;

/// <summary>A model that takes something before it can answer.</summary>
/// <param name="Endpoint">Without a key; null where only the operator knows the address.</param>
public sealed record OfferedModel(string Id, string Name, ModelPreset Preset, ModelEndpoint? Endpoint);

/// <summary>The models that this installation answers with, by its settings. Never empty: the extractive one is built in.</summary>
public sealed class ModelCatalogue
{
    private const int LeastWindowTokens = 1024;

    private readonly List<AnswerModel> _models = [];
    private readonly List<OfferedModel> _others = [];

    /// <exception cref="SettingException">An address, a window or the default cannot be used.</exception>
    public ModelCatalogue(IConfiguration configuration)
    {
        AddConfigured(configuration);
        foreach (var preset in ModelPresets.All)
        {
            AddPreset(preset, configuration);
        }

        _models.Add(AnswerModel.Extractive);
        Default = DefaultOf(configuration["DEFAULT_LLM_MODEL"]);
    }

    /// <summary>In the order of the settings; the extractive answerer last.</summary>
    public IReadOnlyList<AnswerModel> Models => _models;

    /// <summary>Models of known providers that the operator gave no key or address for.</summary>
    public IReadOnlyList<OfferedModel> Others => _others;

    /// <summary>DEFAULT_LLM_MODEL, else the first.</summary>
    public AnswerModel Default { get; }

    public bool TryFind(string id, [NotNullWhen(true)] out AnswerModel? model)
    {
        model = _models.Find(candidate => string.Equals(candidate.Id, id, StringComparison.OrdinalIgnoreCase));
        return model is not null;
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
        Add(
            new AnswerModel(
                name,
                name,
                Endpoint("MODEL_URL", address, name, Read(configuration, "MODEL_API_KEY"), window)
            )
        );
    }

    private void AddPreset(ModelPreset preset, IConfiguration configuration)
    {
        var setting = Read(configuration, preset.Setting);
        var known =
            preset.AddressSetting is { } name && Read(configuration, name) is { } other ? other : preset.BaseAddress;
        var (address, key) = preset.TakesKey ? (known, setting) : (setting is null ? null : WithVersion(setting), null);
        var named = preset.AddressSetting is { } given && known != preset.BaseAddress ? given : preset.Setting;
        foreach (var model in ModelsOf(preset, configuration))
        {
            var id = $"{preset.Prefix}/{model.Name}";
            var label = $"{model.Label} ({preset.Name})";
            var endpoint = address is null
                ? null
                : Endpoint(named, address, model.Name, key, preset.ContextWindowTokens);
            if (setting is null)
            {
                _others.Add(new OfferedModel(id, label, preset, endpoint));
            }
            else
            {
                Add(new AnswerModel(id, label, endpoint, preset.Prefix));
            }
        }
    }

    private static IReadOnlyList<PresetModel> ModelsOf(ModelPreset preset, IConfiguration configuration) =>
        Read(configuration, preset.ModelSetting) is { } others
            ?
            [
                .. others
                    .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                    .Select(name => preset.Models.FirstOrDefault(model => model.Name == name) ?? new(name, name)),
            ]
            : preset.Models;

    private void Add(AnswerModel model)
    {
        if (model.Id == AnswerModel.ExtractiveId || TryFind(model.Id, out _))
        {
            throw new SettingException("MODEL_NAME", $"the name {model.Id} is taken");
        }

        _models.Add(model);
    }

    private AnswerModel DefaultOf(string? id)
    {
        if (string.IsNullOrWhiteSpace(id))
        {
            return _models[0];
        }

        return TryFind(id.Trim(), out var model)
            ? model
            : throw new SettingException("DEFAULT_LLM_MODEL", $"there is no such model; there is {Names()}");
    }

    /// <summary>All ids, for a message.</summary>
    public string Names() => string.Join(", ", _models.Select(model => model.Id));

    private static ModelEndpoint Endpoint(string setting, string address, string model, string? key, int window) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? new ModelEndpoint(uri, model, key, window)
            : throw new SettingException(setting, "must be an address that begins with http:// or https://");

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
