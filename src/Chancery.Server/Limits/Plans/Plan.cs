using System.Text.RegularExpressions;

namespace Chancery.Server.Limits.Plans;

/// <summary>What an organisation may do.</summary>
/// <param name="Limits">The most of each limit that it has, by <see cref="LimitName.Name"/>; what is not named has none.</param>
/// <param name="IsShipped">As the program brings it; the operator has not changed it.</param>
public sealed partial record Plan(string Name, IReadOnlyDictionary<string, long> Limits, bool IsShipped)
{
    /// <summary>Of whoever signs up, unless the operator says otherwise.</summary>
    public const string Free = "FREE";

    /// <summary>Of the first organisation of an installation: no limits.</summary>
    public const string Own = "OWN";

    public const string Unlimited = "UNLIMITED";

    /// <summary>The plans that the program brings.</summary>
    public static IReadOnlyList<Plan> Shipped(LimitSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return
        [
            new Plan(
                Free,
                new Dictionary<string, long>
                {
                    [LimitNames.RequestsPerHour.Name] = 100,
                    [LimitNames.Requests.Name] = settings.Requests,
                    [LimitNames.PageRequests.Name] = Math.Max(600, settings.Requests),
                    [LimitNames.UpgradesPerMinute.Name] = 60,
                    [LimitNames.TokensPerMonth.Name] = 1_000_000,
                    [LimitNames.CostPerMonth.Name] = 5_000_000_000,
                    [LimitNames.UpgradesPerMonth.Name] = 500,
                    [LimitNames.EmbeddingsPerMonth.Name] = 5_000,
                    [LimitNames.Documents.Name] = 500,
                    [LimitNames.StorageBytes.Name] = 1_000_000_000,
                    [LimitNames.StreamsAtOnce.Name] = 5,
                    [LimitNames.IngestionsAtOnce.Name] = 2,
                },
                IsShipped: true
            ),
            new Plan(Own, new Dictionary<string, long>(), IsShipped: true),
            new Plan(Unlimited, new Dictionary<string, long>(), IsShipped: true),
        ];
    }

    /// <summary>Whether a plan may be called so: capital letters, digits, - and _, 32 at most.</summary>
    public static bool IsName(string text) => NameForm().IsMatch(text);

    [GeneratedRegex("^[A-Z][A-Z0-9_-]{0,31}$", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();
}
