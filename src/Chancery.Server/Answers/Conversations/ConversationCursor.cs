using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Chancery.Server.Answers.Conversations;

/// <summary>Where a page of conversations ended. Opaque to clients.</summary>
public sealed record ConversationCursor(DateTimeOffset UpdatedAt, Guid Id)
{
    // PostgreSQL keeps microseconds; so does this.
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    public override string ToString() =>
        Base64Url.EncodeToString(
            Encoding.ASCII.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{UpdatedAt.UtcTicks / TicksPerMicrosecond}.{Id:n}")
            )
        );

    /// <summary>Null when it is none of ours.</summary>
    public static ConversationCursor? Parse(string text)
    {
        var bytes = new byte[64];
        if (text.Length > 80 || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done)
        {
            return null;
        }

        var parts = Encoding.ASCII.GetString(bytes, 0, written).Split('.');
        return
            parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            && microseconds <= DateTimeOffset.MaxValue.UtcTicks / TicksPerMicrosecond
            && Guid.TryParseExact(parts[1], "n", out var id)
            ? new ConversationCursor(new DateTimeOffset(microseconds * TicksPerMicrosecond, TimeSpan.Zero), id)
            : null;
    }
}
