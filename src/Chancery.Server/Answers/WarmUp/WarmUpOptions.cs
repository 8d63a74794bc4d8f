using System.Globalization;
using Chancery.Server.Inference.Ledger;
using Chancery.Server.Platform.Settings;

namespace Chancery.Server.Answers.WarmUp;

/// <summary>How many popular questions are answered ahead of time, and for how much.</summary>
/// <param name="Questions">ANSWER_CACHE_WARM_UP: of each organisation in one run; 0, the default, answers none.</param>
/// <param name="Budget">ANSWER_CACHE_WARM_UP_USD: what one run may cost each organisation at most.</param>
public sealed record WarmUpOptions(int Questions, NanoDollars Budget)
{
    private const int MostQuestions = 1_000;
    private const decimal MostDollars = 1_000;

    /// <exception cref="SettingException">A setting cannot be used.</exception>
    public static WarmUpOptions Read(IConfiguration configuration) =>
        new(
            configuration["ANSWER_CACHE_WARM_UP"]?.Trim() is not { Length: > 0 } count ? 0
                : int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var questions)
                && questions <= MostQuestions
                    ? questions
                : throw new SettingException("ANSWER_CACHE_WARM_UP", $"takes a whole number, 0 to {MostQuestions}."),
            configuration["ANSWER_CACHE_WARM_UP_USD"]?.Trim() is not { Length: > 0 } text ? NanoDollars.OfDollars(0.10m)
                : decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars)
                && dollars <= MostDollars
                    ? NanoDollars.OfDollars(dollars)
                : throw new SettingException("ANSWER_CACHE_WARM_UP_USD", $"takes dollars, 0 to {MostDollars}.")
        );
}
