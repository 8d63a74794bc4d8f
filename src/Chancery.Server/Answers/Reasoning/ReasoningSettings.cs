using System.Globalization;
using Chancery.Server.Inference.Registry;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Answers.Reasoning;

/// <summary>What the operator decides about chain of thought.</summary>
/// <param name="IsEnabled">ENABLE_CHAIN_OF_THOUGHT: whether it can be asked for at all. Default true.</param>
/// <param name="Model">DEFAULT_COT_MODEL, else DEFAULT_LLM_MODEL: what reasons where a request names no model.</param>
/// <param name="MostSteps">COT_MAX_REASONING_STEPS: what a model writes beyond goes into the last one. Default 10.</param>
/// <param name="Temperature">COT_TEMPERATURE: of models that are prompted, where a request sets none. Default 0.7.</param>
/// <param name="ShowsSteps">SHOW_REASONING_STEPS: when false nobody gets to see them, and they are not stored. Default true.</param>
public sealed record ReasoningSettings(
    bool IsEnabled,
    ChatModel Model,
    int MostSteps,
    float Temperature,
    bool ShowsSteps
)
{
    public const int MostStepsAtAll = 100;

    /// <exception cref="SettingException">A value cannot be used.</exception>
    public static ReasoningSettings Read(IConfiguration configuration, ModelRegistry models) =>
        new(
            Switch(configuration, "ENABLE_CHAIN_OF_THOUGHT"),
            ModelOf(configuration, models),
            (int)Number(configuration, "COT_MAX_REASONING_STEPS", 10, 1, MostStepsAtAll, isWhole: true),
            (float)Number(configuration, "COT_TEMPERATURE", 0.7, 0, 2, isWhole: false),
            Switch(configuration, "SHOW_REASONING_STEPS")
        );

    private static ChatModel ModelOf(IConfiguration configuration, ModelRegistry models)
    {
        const string setting = "DEFAULT_COT_MODEL";
        if (configuration[setting] is not { } id || string.IsNullOrWhiteSpace(id))
        {
            return models.Default;
        }

        if (!models.TryFind(id.Trim(), out var model))
        {
            throw new SettingException(setting, $"there is no such model; there is {models.Names()}");
        }

        return model.Reasons != ModelReasoning.None
            ? model
            : throw new SettingException(setting, $"the model {model.Id} does not support chain of thought");
    }

    private static bool Switch(IConfiguration configuration, string name) =>
        configuration[name]?.Trim().ToUpperInvariant() switch
        {
            null or "" or "TRUE" or "1" or "YES" or "ON" => true,
            "FALSE" or "0" or "NO" or "OFF" => false,
            _ => throw new SettingException(name, "takes true or false"),
        };

    private static double Number(
        IConfiguration configuration,
        string name,
        double fallback,
        double least,
        double most,
        bool isWhole
    )
    {
        var text = configuration[name];
        if (string.IsNullOrWhiteSpace(text))
        {
            return fallback;
        }

        return
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
            && (!isWhole || value == Math.Floor(value))
            ? value
            : throw new SettingException(
                name,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"must be a {(isWhole ? "whole number" : "number")} from {least} to {most}"
                )
            );
    }
}
