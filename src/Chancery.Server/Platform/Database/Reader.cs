using System.Globalization;

namespace Chancery.Server.Platform.Database;

/// <summary>
/// As whom a session reads documents. Row-level security shows it those that everybody may read and those whose lists name one of
/// its ids, or a group that one of them is in.
/// </summary>
public sealed record Reader
{
    private Reader(string setting) => Setting = setting;

    /// <summary>The server's own work, and owners and admins.</summary>
    public static Reader Everything { get; } = new("everything");

    /// <summary>Only what is open to everybody in the tenant: what a session is that says nothing else of a person.</summary>
    public static Reader Nobody { get; } = new("");

    /// <summary>What <c>chancery.reader</c> is set to; also what caches of what somebody may read are keyed by.</summary>
    public string Setting { get; }

    public bool ReadsEverything => ReferenceEquals(this, Everything) || Setting == Everything.Setting;

    /// <summary>A person, a key with its maker, or a key with its service account.</summary>
    public static Reader As(params IEnumerable<Guid> ids) =>
        new(string.Join(',', ids.Distinct().Order().Select(id => id.ToString("D", CultureInfo.InvariantCulture))));

    public override string ToString() => Setting;
}
