using System.Buffers;
using System.Text.Json;
using Chancery.Server.Audit.Chain;
using Chancery.Server.Audit.Recording;
using Chancery.Server.Platform.Health;

namespace Chancery.Server.Audit.Reading;

/// <summary>
/// An entry as an event of the Open Cybersecurity Schema Framework: sign-ins are Authentication (3002), passwords Account Change
/// (3001), all else API Activity (6003). What it has no place for stands in <c>unmapped</c>.
/// </summary>
internal static class OcsfEvent
{
    public const string Version = "1.3.0";

    private const int Authentication = 3002;
    private const int AccountChange = 3001;
    private const int ApiActivity = 6003;

    public static void Write(IBufferWriter<byte> target, AuditEntry entry)
    {
        using (var json = new Utf8JsonWriter(target, new JsonWriterOptions { Encoder = EntryLine.Json.Encoder }))
        {
            json.WriteStartObject();
            var (kind, activity) = ClassOf(entry);
            WriteCommon(json, entry, kind, activity);
            WriteActor(json, entry);
            WriteSource(json, entry);
            if (kind == ApiActivity)
            {
                WriteApi(json, entry);
            }
            else
            {
                WriteUser(json, "user", entry);
                json.WriteStartObject("service");
                json.WriteString("name", "Chancery");
                json.WriteEndObject();
            }

            WriteRest(json, entry);
            json.WriteEndObject();
        }

        target.Write("\n"u8);
    }

    /// <summary>The class, and the activity in it.</summary>
    private static (int Class, int Activity) ClassOf(AuditEntry entry) =>
        entry.Action switch
        {
            "session.opened" or "session.refused" => (Authentication, 1),
            "session.ended" or "session.ended_others" or "session.ended_everywhere" => (Authentication, 2),
            "person.password_changed" => (AccountChange, 3),
            "session.proven" => (Authentication, 99),
            "person.totp_added" or "person.passkey_added" => (AccountChange, 10),
            "person.totp_removed" or "person.passkey_removed" or "member.second_factors_reset" => (AccountChange, 11),
            "person.password_reset" or "person.password_reset_asked" => (AccountChange, 4),
            var action => (ApiActivity, ActivityOf(action[(action.IndexOf('.', StringComparison.Ordinal) + 1)..])),
        };

    // Create, read, update, delete; 99 for all else.
    private static int ActivityOf(string verb) =>
        verb switch
        {
            "created" or "uploaded" or "fetched" or "added" or "member_added" or "joined" => 1,
            "exported" => 2,
            "deleted"
            or "removed"
            or "revoked"
            or "erased"
            or "erased_all"
            or "member_removed"
            or "lifted"
            or "emptied" => 4,
            "refused" or "not_found" => 99,
            _ => 3,
        };

    private static void WriteCommon(Utf8JsonWriter json, AuditEntry entry, int kind, int activity)
    {
        json.WriteNumber("class_uid", kind);
        json.WriteNumber("category_uid", kind / 1000);
        json.WriteNumber("activity_id", activity);
        if (activity == 99)
        {
            json.WriteString("activity_name", entry.Action);
        }

        json.WriteNumber("type_uid", kind * 100L + activity);
        json.WriteNumber("time", entry.At.ToUnixTimeMilliseconds());
        json.WriteNumber("count", entry.Repeats);
        // Informational; low for what was refused.
        json.WriteNumber("severity_id", entry.Outcome == AuditOutcome.Succeeded ? 1 : 2);
        json.WriteNumber("status_id", entry.Outcome == AuditOutcome.Succeeded ? 1 : 2);
        if (entry.Status is { } status)
        {
            json.WriteString("status_code", $"{status}");
        }

        if (entry.Reason is { } reason)
        {
            json.WriteString("status_detail", reason);
        }

        json.WriteStartObject("metadata");
        json.WriteString("version", Version);
        json.WriteString("uid", entry.EntryId);
        json.WriteNumber("sequence", entry.Seq);
        json.WriteString("event_code", entry.Action);
        json.WriteString("tenant_uid", entry.TenantId);
        if (entry.TraceId is { } trace)
        {
            json.WriteString("correlation_uid", trace);
        }

        json.WriteStartObject("product");
        json.WriteString("name", "Chancery");
        json.WriteString("vendor_name", "Chancery");
        json.WriteString("version", HealthEndpoints.Version);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteActor(Utf8JsonWriter json, AuditEntry entry)
    {
        json.WriteStartObject("actor");
        if (entry.ActorKind is ActorKind.Program or ActorKind.Server)
        {
            json.WriteString("app_name", entry.ActorKind == ActorKind.Server ? "chancery" : entry.CredentialId ?? "");
        }

        WriteUser(json, "user", entry);
        if (entry.CredentialId is { } credential)
        {
            json.WriteStartObject("session");
            json.WriteString("uid", credential);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter json, string name, AuditEntry entry)
    {
        json.WriteStartObject(name);
        // User, admin, system, unknown: what an object of a user must say is one of its id, its name, its uid.
        json.WriteNumber(
            "type_id",
            entry.ActorKind switch
            {
                ActorKind.Operator => 2,
                ActorKind.Server => 3,
                ActorKind.Stranger => 0,
                _ => 1,
            }
        );
        json.WriteString("uid", entry.ActorId?.ToString() ?? entry.ActorKind);
        if (entry.Name is { Length: > 0 } called)
        {
            json.WriteString("name", called);
        }

        if (entry.Email is { Length: > 0 } email)
        {
            json.WriteString("email_addr", email);
        }

        json.WriteEndObject();
    }

    private static void WriteSource(Utf8JsonWriter json, AuditEntry entry)
    {
        json.WriteStartObject("src_endpoint");
        // A network of many addresses is a name, and so is what was erased or never known.
        if (System.Net.IPAddress.TryParse(entry.Address, out _))
        {
            json.WriteString("ip", entry.Address);
        }
        else
        {
            json.WriteString("name", entry.Address is { Length: > 0 } network ? network : "unknown");
        }

        json.WriteEndObject();
    }

    private static void WriteApi(Utf8JsonWriter json, AuditEntry entry)
    {
        json.WriteStartObject("api");
        json.WriteString("operation", entry.Action);
        json.WriteStartObject("service");
        json.WriteString("name", "Chancery");
        json.WriteEndObject();
        json.WriteEndObject();
        if (entry.SubjectId is not null || entry.SubjectKind is not null)
        {
            json.WriteStartArray("resources");
            json.WriteStartObject();
            json.WriteString("type", entry.SubjectKind ?? "id");
            json.WriteString("uid", entry.SubjectId ?? entry.SubjectKind);
            json.WriteEndObject();
            json.WriteEndArray();
        }
    }

    private static void WriteRest(Utf8JsonWriter json, AuditEntry entry)
    {
        json.WriteStartObject("unmapped");
        json.WriteString("hash", Convert.ToHexStringLower(entry.Hash));
        json.WriteString("credential", entry.CredentialKind);
        if (entry.Details is { } details)
        {
            json.WritePropertyName("details");
            json.WriteRawValue(details);
        }

        json.WriteEndObject();
    }
}
