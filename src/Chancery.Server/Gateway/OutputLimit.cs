using Chancery.Server.Inference.Registry;

namespace Chancery.Server.Gateway;

internal static class OutputLimit
{
    /// <summary>
    /// What the request allows, within what the model writes; else what the registry says. Where a token costs money there is always a
    /// limit.
    /// </summary>
    /// <param name="asked">Null where the request says nothing.</param>
    public static long? For(long? asked, ChatModel model) =>
        (asked, model.MaxOutputTokens) switch
        {
            ({ } wanted, { } most) when model.StatedMostOutput is not null => Math.Min(wanted, most),
            ({ } wanted, _) => wanted,
            (null, { } most) when model.DefaultOutputTokens is { } usual => Math.Min(usual, most),
            (null, { } most) when model.Prices.Any(prices => prices.Output > 0) => most,
            _ => null,
        };
}
