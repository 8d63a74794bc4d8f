namespace Chancery.Documents;

/// <summary>What can be wrong with Word, Excel and PowerPoint files.</summary>
internal static partial class Failures
{
    public static DocumentUnreadableException EncryptedOffice() =>
        new(
            ReadFailure.Encrypted,
            "This document is protected by a password. Remove the password in the program that made it, and upload it again."
        );

    public static DocumentUnreadableException DamagedOffice(Exception? cause = null) =>
        new(
            ReadFailure.Malformed,
            "This Office file is damaged. Open it in the program that made it, save it again, and upload the new file.",
            cause
        );

    public static DocumentUnreadableException IncompleteOffice() =>
        new(
            ReadFailure.Malformed,
            "This Office file is incomplete: its end is missing, as after a transfer that broke off. Upload the whole file."
        );

    public static DocumentUnreadableException NotOffice() =>
        new(
            ReadFailure.Unsupported,
            $"This is an archive without an Office document in it. These can be read: {MediaTypes.ReadableNames}."
        );

    public static DocumentUnreadableException UnpacksTooLarge() =>
        new(
            ReadFailure.TooLarge,
            "This file unpacks to far more data than a document has. If it is genuine, split it and upload the parts."
        );

    /// <param name="what">Completes "This file …".</param>
    public static DocumentUnreadableException UnsafeOffice(string what, Exception? cause = null) =>
        new(
            ReadFailure.Malformed,
            $"This file {what}, which no Office program writes, so it is not read. Save it again in Office and upload the new file.",
            cause
        );

    public static DocumentUnreadableException NoTextInOffice() =>
        new(
            ReadFailure.Empty,
            "This document holds no text, only empty pages or images. Check that it is the right file, or upload it as PDF."
        );
}
